import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { dirname } from "node:path";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { parseHandshakeLine } from "@tenon/core";
import { createHost } from "@tenon/host";
import { listBoundSockets } from "@tenon/testkit";
import { createCertificate, createChannel } from "@tenon/wire";
import { echo } from "../fixtures/contracts.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const skip = process.platform === "linux" ? false : "needs /proc";
const echoCookie = { [echo.cookie.key]: echo.cookie.value };
const stranger = createCertificate();

/** Ways in which somebody else may knock at the plugin's socket. */
const intruders: Readonly<Record<string, (path: string) => Duplex>> = {
  "in plaintext": (path) => connectSocket(path),
  "without a certificate": (path) =>
    connectTls({ path, servername: "localhost", ALPNProtocols: ["h2"], rejectUnauthorized: false }),
  "with a certificate of its own": (path) =>
    connectTls({
      path,
      servername: "localhost",
      ALPNProtocols: ["h2"],
      rejectUnauthorized: false,
      cert: stranger.certPem,
      key: stranger.keyPem,
    }),
};

describe("under AutoMTLS nobody but the host is served", { skip }, () => {
  for (const [how, open] of Object.entries(intruders)) {
    test(`a caller ${how} gets no answer, and the session goes on [TLS-04]`, async () => {
      await using host = createHost();
      const session = await host.start(echo, { process: fixture("echo-plugin") });
      const [path] = listBoundSockets([sandbox.directory]);
      const stream = open(path!);
      stream.on("error", () => {});
      await once(stream, "encrypted" in stream ? "secureConnect" : "connect");
      const channel = createChannel(stream);
      const call = createClient(Echo, channel.transport).unary({}, { timeoutMs: 2000 });
      await assert.rejects(call, (error: unknown) => {
        assert.ok(error instanceof ConnectError);
        assert.ok([Code.Unavailable, Code.Internal].includes(error.code), error.message);
        return true;
      });
      channel.destroy();
      await session.client("echo").unary({});
      assert.equal((await session.stop()).how, "shutdown");
    });
  }
});

/** Runs the plugin as a host would, as far as its handshake line, and returns the certificates of both sides. */
async function exchangeCertificates(): Promise<X509Certificate[]> {
  const own = createCertificate();
  const [file, ...args] = fixture("echo-plugin");
  const handshake = { ...echoCookie, PLUGIN_PROTOCOL_VERSIONS: "1", PLUGIN_CLIENT_CERT: own.certPem };
  const child = spawn(file, args, { env: { ...process.env, ...handshake }, stdio: ["ignore", "pipe", "ignore"] });
  const closed = once(child, "close");
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGTERM");
  await closed;
  const line = parseHandshakeLine(chunk.toString());
  return [new X509Certificate(own.certPem), new X509Certificate(Buffer.from(line.certificate!, "base64"))];
}

test("each start makes its own P-256 certificates for localhost [TLS-01]", async () => {
  const certificates = [...(await exchangeCertificates()), ...(await exchangeCertificates())];
  for (const certificate of certificates) {
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.equal(certificate.subjectAltName, "DNS:localhost");
    assert.ok(certificate.verify(certificate.publicKey), "self-signed");
  }
  assert.equal(new Set(certificates.map(({ fingerprint256 }) => fingerprint256)).size, 4);
});

test("only the plugin's own user can reach its socket [PLUG-09]", { skip }, async () => {
  await using host = createHost();
  await host.start(echo, { process: fixture("echo-plugin") }, { autoMtls: false });
  const [path] = listBoundSockets([sandbox.directory]);
  assert.equal(statSync(path!).mode & 0o077, 0);
  assert.equal(statSync(dirname(path!)).mode & 0o077, 0);
});

test("nothing of all that is left behind [LIFE-18]", () => sandbox.assertClean());
