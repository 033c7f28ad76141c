import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { createCertificate, createServer } from "@tenon/wire";
import { echoService } from "../../fixtures/echo-service.js";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";
import { echoClientSuite } from "./client-suite.js";
import { echoChecks } from "./echo-checks.js";
import { dialEcho, serveEcho } from "./echo-ends.js";
import { gzipChecks } from "./gzip-checks.js";
import { runPeer } from "./peer-report.js";
import { serverTls, serveTcp } from "./serve-tcp.js";

/** Somebody's gRPC, as a server and as a client. */
export interface EchoPeer {
  readonly name: string;
  /** The command of a server at a unix socket, which prints a line once it listens and ends with its standard input. */
  server(path: string): readonly string[];
  /** The command of a client of the service at a unix socket, which prints what `runPeer` reads. */
  client(path: string): readonly string[];
  /** The command of the same client with TLS, at a port of 127.0.0.1 whose server has the certificate in the file. */
  secureClient?(port: number, certificate: string): readonly string[];
}

/** Both directions: our client against the peer's server, and the peer's client against ours. */
export function echoPeerSuites(peer: EchoPeer, directory: string, skip: string | false): void {
  const open = async () => {
    const path = join(directory, "peer");
    const [file, ...args] = peer.server(path) as [string, ...string[]];
    const server = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    const closed = once(server, "close");
    await once(server.stdout, "data");
    const echo = await dialEcho(path);
    const close = async (): Promise<void> => {
      await echo.close();
      server.stdin.end();
      await closed;
    };
    return { ...echo, close };
  };
  echoClientSuite(`a ${peer.name} server`, open, skip, { ...echoChecks, ...gzipChecks });

  void describe(`${peer.name} against our server`, { skip }, () => {
    void test("its checks pass in plaintext [WIRE-01] [WIRE-02] [WIRE-03] [WIRE-04] [WIRE-05] [WIRE-40]", async (t) => {
      const path = join(directory, "ours");
      const server = await serveEcho(path);
      try {
        await passes(t, peer.client(path));
      } finally {
        await server.close();
      }
    });

    if (peer.secureClient === undefined) return;
    void test("its checks pass over TLS [WIRE-01]", async (t) => {
      const own = createCertificate();
      const file = join(directory, "certificate.pem");
      writeFileSync(file, own.certPem);
      const server = await serveTcp(createServer().add(Echo, echoService), serverTls(own));
      try {
        await passes(t, peer.secureClient!(server.port, file));
      } finally {
        await server.close();
        rmSync(file);
      }
    });
  });
}

async function passes(t: TestContext, client: readonly string[]): Promise<void> {
  const checks = await runPeer(client);
  for (const { check, error } of checks) await t.test(check, () => assert.equal(error, ""));
  assert.ok(checks.length > 12, "the client went through all its checks");
}
