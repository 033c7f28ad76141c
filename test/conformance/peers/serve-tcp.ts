import { once } from "node:events";
import { type AddressInfo, createServer as createSocketServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Certificate, Server } from "@tenon/wire";

/** A port of 127.0.0.1 that a server answers at. */
export interface ServedPort {
  readonly port: number;
  /** Ends the connections without waiting for calls, and stops listening. Closes the server too. */
  close(): Promise<void>;
}

/** What a server's end of TLS needs at least; like gRPC servers, ours takes HTTP/2 alone. */
export function serverTls(own: Pick<Certificate, "certPem" | "keyPem">): TlsOptions {
  return { cert: own.certPem, key: own.keyPem, ALPNProtocols: ["h2"] };
}

/** Serves at a free port of 127.0.0.1, with TLS where it is given. */
export async function serveTcp(server: Server, tls?: TlsOptions): Promise<ServedPort> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    server.accept(socket);
  };
  const listener = tls === undefined ? createSocketServer(accept) : createTlsServer(tls, accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    close: async () => {
      await server.close({ graceMs: 0 });
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
