import type { Duplex } from "node:stream";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { Bind, type HostFrame, type PluginFrame, PluginFrameSchema } from "@tenon/core/bind";
import { createChannel, createClient, createFrameLink, type FrameLink } from "@tenon/wire";

/** What a frame of the plugin holds. */
export type FrameInit = NonNullable<MessageInitShape<typeof PluginFrameSchema>["frame"]>;

/** The call on which a plugin is bound, and the connection that it has to itself. */
export interface AttachCall {
  readonly frames: FrameLink<PluginFrame>;
  readonly incoming: AsyncIterator<HostFrame>;
  /** Sends a frame before everything that is not urgent. */
  send(frame: FrameInit): void;
  /** Ends both behind what waits to be sent. */
  close(): void;
  /** Ends both at once. */
  destroy(cause: Error): void;
}

/** Most bytes of the channel in one frame: with what is around them they stay below the smallest limit of a host. */
const maxFrameBytes = 65_000;

/** How long the host may take to end the call after the plugin did, in milliseconds. */
const lingerMs = 1000;

/** Makes a frame. */
export const frameOf = (frame: FrameInit): PluginFrame => create(PluginFrameSchema, { frame });

/**
 * Begins the call on a connected byte stream, which it owns. `farewell` gives the last frame where the user of the channel's bytes
 * destroys them; none where there is nothing more to say.
 */
export function openAttachCall(stream: Duplex, authority: string, farewell: () => PluginFrame | undefined): AttachCall {
  const channel = createChannel(stream, { authority });
  const frames = createFrameLink<PluginFrame>((value) => frameOf({ case: "bytes", value }), {
    maxFrameBytes,
    farewell,
  });
  // Whoever serves on it listens too; until then, and when nobody does, the end of the link tells of an error.
  frames.duplex.on("error", () => {});
  const controller = new AbortController();
  const call = createClient(Bind, channel.transport).attach(frames.outgoing, { signal: controller.signal });
  return {
    frames,
    incoming: call[Symbol.asyncIterator](),
    send: (frame) => frames.urgent(frameOf(frame)),
    close() {
      frames.close();
      frames.duplex.destroy();
      const timer = setTimeout(() => channel.destroy(), lingerMs);
      void channel.close().then(() => clearTimeout(timer));
    },
    destroy(cause) {
      frames.destroy(new ConnectError(`the link to the host was lost: ${cause.message}`, Code.Unavailable));
      controller.abort(cause);
      channel.destroy(cause);
    },
  };
}
