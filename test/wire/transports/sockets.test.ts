import { once } from "node:events";
import { describe } from "node:test";
import { connect, TLSSocket } from "node:tls";
import { type StreamEnds, streamCompliance } from "@tenon/testkit";
import { createCertificate, pinnedTls } from "@tenon/wire";
import { overSocket, temporaryDirectory } from "./listening.js";

const loopback = { host: "127.0.0.1", port: 0 };

async function overUnixSocket(): Promise<StreamEnds> {
  const directory = temporaryDirectory();
  const ends = await overSocket({ path: `${directory.path}/s` });
  return {
    ...ends,
    async close() {
      await ends.close();
      directory.remove();
    },
  };
}

/** TLS as a public server has it: only the server shows a certificate. */
async function overTls(): Promise<StreamEnds> {
  const { certPem, keyPem } = createCertificate();
  return overSocket(loopback, async (near, far) => {
    const server = new TLSSocket(far, { isServer: true, cert: certPem, key: keyPem, ALPNProtocols: ["h2"] });
    const client = connect({ socket: near, ca: certPem, servername: "localhost", ALPNProtocols: ["h2"] });
    await Promise.all([once(client, "secureConnect"), once(server, "secure")]);
    if (client.alpnProtocol !== "h2" || server.alpnProtocol !== "h2") throw new Error("ALPN did not choose h2");
    return { client, server };
  });
}

/** TLS as AutoMTLS has it: each side trusts one certificate, the other's. */
async function overPinnedTls(): Promise<StreamEnds> {
  const own = createCertificate();
  const peer = createCertificate();
  return overSocket(loopback, async (near, far) => {
    const server = new TLSSocket(far, { isServer: true, ...pinnedTls(peer, own.certPem) });
    const client = connect({ ...pinnedTls(own, peer.certPem), socket: near });
    await Promise.all([once(client, "secureConnect"), once(server, "secure")]);
    return { client, server };
  });
}

describe("gRPC over sockets [WIRE-47]", () => {
  streamCompliance("a unix socket", overUnixSocket);
  streamCompliance("TCP", () => overSocket(loopback));
  streamCompliance("TLS over TCP", overTls);
  streamCompliance("TLS over TCP, both sides pinned", overPinnedTls);
});
