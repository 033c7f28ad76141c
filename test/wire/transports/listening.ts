import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type ListenOptions, type Socket } from "node:net";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { StreamEnds } from "@tenon/testkit";

/** A private directory and how to remove it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync("/tmp/tw");
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A connection through a listening socket; `secure` makes byte streams of the two sockets, where they are not as they are. */
export async function overSocket(
  where: ListenOptions,
  secure: (client: Socket, server: Socket) => Promise<{ client: Duplex; server: Duplex }> = async (client, server) => ({
    client,
    server,
  }),
): Promise<StreamEnds> {
  const listener = createServer();
  listener.listen(where);
  await once(listener, "listening");
  const accepted = once(listener, "connection") as Promise<[Socket]>;
  const address = listener.address() as AddressInfo | string;
  const near = typeof address === "string" ? connect(address) : connect(address.port, address.address);
  await once(near, "connect");
  const [far] = await accepted;
  const ends = await secure(near, far);
  return {
    ...ends,
    async close() {
      const closed = once(listener, "close");
      listener.close();
      ends.client.destroy();
      ends.server.destroy();
      await closed;
    },
  };
}
