import type { ServiceImpl } from "@connectrpc/connect";
import { type GRPCStdio, StdioData_Channel } from "@tenon/core";
import type { StdioBuffer } from "./stdio-buffer.js";

const channels = { stdout: StdioData_Channel.STDOUT, stderr: StdioData_Channel.STDERR } as const;

/** go-plugin's `GRPCStdio`: the stream of what the plugin prints. */
export function createStdioService(buffer: StdioBuffer): ServiceImpl<typeof GRPCStdio> {
  return {
    async *streamStdio(_request, { signal }) {
      for await (const { channel, data } of buffer.read(signal)) yield { channel: channels[channel], data };
    },
  };
}
