import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import type { Interceptor } from "@connectrpc/connect";
import { buildGo } from "@tenon/example-kv/go";
import { implement, servePlugin } from "@tenon/plugin";
import { createServer, type Server } from "@tenon/wire";
import { createHealth } from "@tenon/wire/health";
import { addReflection } from "@tenon/wire/reflection";
import { stranger } from "../fixtures/contracts.js";
import { echoService } from "../fixtures/echo-service.js";
import { Echo } from "../gen/tenon/test/v1/echo_pb.js";
import { useSandbox } from "../support/sandbox.js";

const { directory } = useSandbox();
// Seen from test/dist/conformance.
const module = fileURLToPath(new URL("../../conformance/grpcurl", import.meta.url));
const built = await buildGo({ module, packages: ["github.com/fullstorydev/grpcurl/cmd/grpcurl"] });
const skip = built.missing ?? false;

/** Runs grpcurl against a unix socket and returns what it prints. */
async function grpcurl(path: string, flags: readonly string[], ...words: readonly string[]): Promise<string> {
  const args = ["-plaintext", "-unix", ...flags, path, ...words];
  const { stdout } = await promisify(execFile)(join(built.folder!, "grpcurl"), args, { timeout: 20_000 });
  return stdout;
}

const versions: Readonly<Record<string, (server: Server) => void>> = {
  v1: addReflection,
  // grpcurl asks for v1 first, and goes on to v1alpha where that is not there.
  v1alpha: (server) =>
    addReflection({
      served: server.served,
      add: server.add.bind(server),
      addLazily: (names, load) => server.addLazily(names.slice(1), load),
    } as Server),
};

for (const [version, add] of Object.entries(versions)) {
  describe(`grpcurl through our reflection ${version} [WIRE-22]`, { skip }, () => {
    const closers: (() => Promise<unknown>)[] = [];
    after(() => Promise.all(closers.map((close) => close())));
    let count = 0;

    /** A fresh server, since the second version is there too once the first was asked for. */
    async function serve() {
      const path = join(directory, `${version}-${count++}`);
      const asked: string[] = [];
      const watch: Interceptor = (next) => (request) => {
        asked.push(request.service.typeName);
        return next(request);
      };
      const health = createHealth({ "": "serving", "tenon.test.v1.Echo": "not-serving" });
      const server = createServer({ interceptors: [watch] }).add(Echo, echoService);
      server.add(health.service, health.implementation);
      add(server);
      const listener = createSocketServer((socket) => server.accept(socket)).listen(path);
      await once(listener, "listening");
      closers.push(async () => {
        await server.close();
        listener.close();
      });
      return { path, asked };
    }

    test("lists services and methods", async () => {
      const { path, asked } = await serve();
      assert.deepEqual((await grpcurl(path, [], "list")).trim().split("\n"), [
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "tenon.test.v1.Echo",
      ]);
      assert.equal(asked.at(-1), `grpc.reflection.${version}.ServerReflection`);
    });

    test("describes a service, a message and an enum", async () => {
      assert.match(await grpcurl((await serve()).path, [], "describe", "tenon.test.v1.Echo"), /rpc Bidi \( stream /);
      const message = await grpcurl((await serve()).path, [], "describe", "tenon.test.v1.EchoMessage");
      assert.match(message, /repeated bytes chunks = 1;/);
      const nested = "grpc.health.v1.HealthCheckResponse.ServingStatus";
      assert.match(await grpcurl((await serve()).path, [], "describe", nested), /SERVICE_UNKNOWN = 3;/);
    });

    test("calls, unary and streaming, without a .proto file", async () => {
      const message = { chunks: [Buffer.from("hello").toString("base64")] };
      const unary = await grpcurl((await serve()).path, ["-d", JSON.stringify(message)], "tenon.test.v1.Echo/Unary");
      assert.deepEqual(JSON.parse(unary), message);
      const two = JSON.stringify(message).repeat(2);
      const bidi = await grpcurl((await serve()).path, ["-d", two], "tenon.test.v1.Echo/Bidi");
      assert.deepEqual(JSON.parse(`[${bidi.trim().replaceAll("}\n{", "},{")}]`), [message, message]);
    });

    test("asks for health [WIRE-23]", async () => {
      const { path } = await serve();
      const check = (service: string) =>
        grpcurl(path, ["-d", JSON.stringify({ service })], "grpc.health.v1.Health/Check");
      assert.match(await check(""), /"status": "SERVING"/);
      assert.match(await check("tenon.test.v1.Echo"), /"status": "NOT_SERVING"/);
      await assert.rejects(check("tenon.test.v1.Nobody"), /Code: NotFound/);
      const watch = grpcurl(path, ["-max-time", "1", "-d", '{"service":"x"}'], "grpc.health.v1.Health/Watch");
      await assert.rejects(watch, ({ stdout }: { stdout: string }) => /SERVICE_UNKNOWN/.test(stdout));
      assert.match(await grpcurl(path, [], "grpc.health.v1.Health/List"), /"tenon.test.v1.Echo"/);
    });
  });
}

test("grpcurl on a plugin: services, a call, health [PLUG-15] [PLUG-02]", { skip }, async (t) => {
  const serving = await servePlugin(implement(stranger, { echo: echoService }), { socketDir: directory });
  t.after(() => serving.close());
  const services = (await grpcurl(serving.address, [], "list")).trim().split("\n");
  for (const name of ["tenon.test.v1.Echo", "plugin.GRPCController", "plugin.GRPCStdio", "grpc.health.v1.Health"]) {
    assert.ok(services.includes(name), name);
  }
  assert.match(await grpcurl(serving.address, ["-d", "{}"], "tenon.test.v1.Echo/Unary"), /^\{\}/);
  const health = await grpcurl(serving.address, ["-d", '{"service":"plugin"}'], "grpc.health.v1.Health/Check");
  assert.match(health, /"status": "SERVING"/);

  const silent = await servePlugin(implement(stranger, { echo: echoService }), {
    socketDir: directory,
    reflection: false,
  });
  t.after(() => silent.close());
  await assert.rejects(grpcurl(silent.address, [], "list"), /does not support the reflection API/);
});
