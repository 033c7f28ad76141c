import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eventually } from "@tenon/testkit";
import { createCertificate, createServer } from "@tenon/wire";
import { echoService } from "../fixtures/echo-service.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../support/sandbox.js";
import { echoMessage, frame } from "./peers/grpc-frames.js";
import { findH2load, runH2load } from "./peers/h2load.js";
import { serverTls, serveTcp } from "./peers/serve-tcp.js";

const { directory } = useSandbox();
const missing = await findH2load();
const requests = 20_000;

describe("nghttp2's h2load against our server", { skip: missing ?? false }, () => {
  const body = join(directory, "request");
  writeFileSync(body, frame(echoMessage(Buffer.from("hello"))));

  for (const scheme of ["http", "https"]) {
    test(`${requests} calls on one connection and on many, all served, nothing left behind, ${scheme} [WIRE-01]`, async () => {
      let served = 0;
      const server = createServer().add(Echo, {
        ...echoService,
        unary: (request) => {
          served += 1;
          return request;
        },
      });
      const listening = await serveTcp(server, scheme === "https" ? serverTls(createCertificate()) : undefined);
      try {
        const load = { url: `${scheme}://127.0.0.1:${listening.port}/tenon.test.v1.Echo/Unary`, body };
        await runH2load({ ...load, requests, connections: 1, streams: 100 });
        await runH2load({ ...load, requests, connections: 20, streams: 10 });
        await eventually(() => server.connectionCount === 0);
        assert.equal(server.inFlight, 0);
        await runH2load({ ...load, requests: 1, connections: 1, streams: 1 });
        assert.equal(served, 2 * requests + 1);
      } finally {
        await listening.close();
      }
    });
  }
});
