import { once } from "node:events";
import { connect, createServer as createSocketServer, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";
import { createClient as createConnectClient } from "@connectrpc/connect";
import { createDuplexPair, injectFaults } from "@tenon/testkit";
import { createCertificate, createChannel, createClient, createServer, pinnedTls } from "@tenon/wire";
import { echoClientSuite } from "../conformance/peers/client-suite.js";
import type { EchoClient } from "../conformance/peers/echo-ends.js";
import { echoService } from "../fixtures/echo-service.js";
import { Echo, Ghost } from "../gen/tenon/test/v1/echo_pb.js";

/** Two connected ends of a byte stream, and what else must be closed. */
interface Ends {
  readonly client: Duplex;
  readonly server: Duplex;
  close?(): void;
}

async function tcpEnds(): Promise<Ends> {
  const listener = createSocketServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect((listener.address() as AddressInfo).port, "127.0.0.1");
  const [server] = (await once(listener, "connection")) as [Duplex];
  return { client, server, close: () => listener.close() };
}

const kinds: Readonly<Record<string, () => Promise<Ends> | Ends>> = {
  "a memory pair": () => {
    const [client, server] = createDuplexPair();
    return { client, server };
  },
  "a stream that splits at every byte": () => {
    const [client, server] = createDuplexPair();
    return {
      client: injectFaults(client, { readChunkBytes: 1 }).stream,
      server: injectFaults(server, { readChunkBytes: 1 }).stream,
    };
  },
  "a stream that splits at every thousandth byte": () => {
    const [client, server] = createDuplexPair();
    const faults = { readChunkBytes: 1009, writeChunkBytes: 997 };
    return { client: injectFaults(client, faults).stream, server: injectFaults(server, faults).stream };
  },
  TCP: tcpEnds,
  "TLS, mutual and pinned": async () => {
    const ends = await tcpEnds();
    const [ours, theirs] = [createCertificate(), createCertificate()];
    const server = new TLSSocket(ends.server, { ...pinnedTls(theirs, ours.der), isServer: true });
    const client = connectTls({ ...pinnedTls(ours, theirs.certPem), socket: ends.client });
    await once(client, "secureConnect");
    return { ...ends, client, server };
  },
};

for (const [name, open] of Object.entries(kinds)) suite(`our server over ${name}`, open, createClient);
suite("our server, through Connect-ES's client", tcpEnds, createConnectClient);

function suite(title: string, open: () => Promise<Ends> | Ends, create: typeof createClient): void {
  echoClientSuite(title, async (): Promise<EchoClient> => {
    const ends = await open();
    const server = createServer().add(Echo, echoService);
    server.accept(ends.server);
    const channel = createChannel(ends.client);
    return {
      client: create(Echo, channel.transport),
      unknown: () => create(Ghost, channel.transport).call({}),
      ping: () => channel.ping(),
      close: async () => {
        const reason = await channel.close();
        await server.close();
        ends.close?.();
        return reason;
      },
    };
  });
}
