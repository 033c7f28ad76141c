import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, connect } from "node:tls";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { type Certificate, createCertificate } from "./certificate.js";
import { pinnedTls } from "./pinned.js";

describe("a certificate", () => {
  test("is what AutoMTLS needs: P-256, self-signed, localhost, no CA, valid now [TLS-11]", () => {
    const own = createCertificate();
    const parsed = new X509Certificate(own.der);
    assert.ok(parsed.verify(parsed.publicKey));
    assert.ok(!parsed.ca);
    assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.equal(parsed.subject, "O=Tenon\nCN=localhost");
    assert.equal(parsed.issuer, parsed.subject);
    assert.equal(parsed.subjectAltName, "DNS:localhost");
    assert.equal(parsed.checkHost("localhost"), "localhost");
    const now = Date.now();
    assert.ok(Date.parse(parsed.validFrom) <= now - 29_000);
    assert.ok(Date.parse(parsed.validTo) > now + 29 * 365 * 86_400_000);
    assert.deepEqual(parsed.keyUsage, ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"]);
    assert.equal(parsed.toString(), own.certPem);
  });

  test("has another serial and key each time, and takes names of any length", () => {
    const serials = new Set(
      Array.from({ length: 50 }, () => new X509Certificate(createCertificate().der).serialNumber),
    );
    assert.equal(serials.size, 50);
    const long = new X509Certificate(
      createCertificate({ commonName: "x".repeat(200), organization: "Ö".repeat(100) }).der,
    );
    assert.ok(long.verify(long.publicKey));
  });

  test("ends when asked to", () => {
    const { der } = createCertificate({ validityMs: 60_000 });
    assert.ok(Date.parse(new X509Certificate(der).validTo) < Date.now() + 62_000);
  });
});

describe("pinned TLS", () => {
  /** Connects with `ours` trusting `trusted`, to a server with `theirs` trusting `admitted`. */
  async function handshake(ours: Certificate, trusted: Certificate, theirs: Certificate, admitted: Certificate) {
    const server = createServer(pinnedTls(theirs, admitted.der), (socket) => {
      socket.on("error", () => {});
      socket.end("welcome");
    });
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = connect({ port: (server.address() as AddressInfo).port, ...pinnedTls(ours, trusted.certPem) });
    try {
      const refused = once(client, "close").then(() => Promise.reject(new Error("closed without a word")));
      const [data] = (await Promise.race([once(client, "data"), refused])) as [Buffer];
      return { data: data.toString(), alpn: client.alpnProtocol, protocol: client.getProtocol() };
    } finally {
      client.destroy();
      server.close();
    }
  }

  test("the two that know each other get through, with h2 and TLS 1.3", async () => {
    const [host, plugin] = [createCertificate(), createCertificate()];
    assert.deepEqual(await handshake(host, plugin, plugin, host), { data: "welcome", alpn: "h2", protocol: "TLSv1.3" });
  });

  test("a stranger on either side does not", async () => {
    const [host, plugin, stranger] = [createCertificate(), createCertificate(), createCertificate()];
    await assert.rejects(handshake(host, plugin, stranger, host), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await assert.rejects(handshake(stranger, plugin, plugin, host), /alert|closed without a word/);
  });

  test("a peer's certificate that is none is refused", () => {
    assert.throws(() => pinnedTls(createCertificate(), "no certificate"));
    assert.throws(() => pinnedTls(createCertificate(), Buffer.from("no certificate")));
  });
});
