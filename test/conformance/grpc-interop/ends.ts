import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { type Certificate, createChannel, createServer } from "@tenon/wire";
import { TestService, UnimplementedService } from "../../gen/grpc/testing/interop_pb.js";
import { serverTls, serveTcp } from "../peers/serve-tcp.js";
import type { InteropClient } from "./cases.js";
import { testService } from "./service.js";

/** An interop server at a port of 127.0.0.1, somebody's or ours. */
export interface StartedServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves the interop service with our engine, with TLS where there is a certificate. */
export async function serveInterop(own: Certificate | undefined): Promise<StartedServer> {
  const served = await serveTcp(createServer().add(TestService, testService), own && serverTls(own));
  return { port: served.port, stop: () => served.close() };
}

/** Opens our channel to an interop server, which shows this certificate where there is one. */
export async function dialInterop(
  port: number,
  own: Certificate | undefined,
): Promise<InteropClient & { close(): void }> {
  const target = { host: "127.0.0.1", port };
  const socket =
    own === undefined
      ? connectSocket(target)
      : connectTls({ ...target, servername: "localhost", ca: own.certPem, ALPNProtocols: ["h2"] });
  await once(socket, own === undefined ? "connect" : "secureConnect");
  const channel = createChannel(socket);
  return {
    test: createClient(TestService, channel.transport),
    unimplemented: createClient(UnimplementedService, channel.transport),
    close: () => channel.destroy(),
  };
}
