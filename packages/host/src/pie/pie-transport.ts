import { create } from "@bufbuild/protobuf";
import type { Transport, UnaryResponse } from "@connectrpc/connect";
import { GRPCController } from "@tenon/core";

/** What calls over pie come to. */
export interface PieTransportInit extends Transport {
  /** The host asks the plugin to end, within so many milliseconds. */
  readonly shutDown: (timeoutMs: number | undefined) => void;
}

/** A transport whose Shutdown call, which no pie plugin serves, ends the plugin in pie's own way. */
export function createPieTransport(init: PieTransportInit): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, values) {
      const isShutdown = method.parent.typeName === GRPCController.typeName;
      if (!isShutdown) return init.unary(method, signal, timeoutMs, header, input, values);
      init.shutDown(timeoutMs);
      const response: UnaryResponse<typeof method.input, typeof method.output> = {
        stream: false,
        service: method.parent,
        method,
        header: new Headers(),
        trailer: new Headers(),
        message: create(method.output),
      };
      return response;
    },
    stream: (...call) => init.stream(...call),
  };
}
