import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer as createSocketServer } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Config, Log, Store } from "@tenon/core/host-services";
import { buildGo } from "@tenon/example-kv/go";
import type { LogRecord } from "@tenon/host";
import { createConfig, createLog, createStore } from "@tenon/host/services";
import { createServer } from "@tenon/wire";
import { useSandbox } from "../support/sandbox.js";

const { directory } = useSandbox();
// Seen from test/dist/conformance.
const module = fileURLToPath(new URL("../../conformance/grpcurl", import.meta.url));
const protos = fileURLToPath(new URL("../../../packages/core/proto", import.meta.url));
const built = await buildGo({ module, packages: ["github.com/fullstorydev/grpcurl/cmd/grpcurl"] });

/** Serves the three to whoever comes, and returns the way to call them with grpc-go and the .proto files. */
async function serve(t: TestContext) {
  const records: LogRecord[] = [];
  const plugin = { name: "kv", instance: "kv-1" };
  const config = createConfig();
  const server = createServer()
    .add(Store, createStore().for(plugin))
    .add(Config, config.for(plugin))
    .add(Log, createLog({ sink: (record) => void records.push(record), level: "debug" }).for(plugin));
  const path = join(directory, "services");
  const listener = createSocketServer((socket) => server.accept(socket)).listen(path);
  await once(listener, "listening");
  t.after(async () => {
    await server.close();
    listener.close();
  });
  const files = ["store", "config", "log"].flatMap((name) => ["-proto", `tenon/host/v1/${name}.proto`]);
  const call = async (method: string, request: object, ...flags: string[]): Promise<unknown> => {
    const args = ["-plaintext", "-unix", "-import-path", protos, ...files, ...flags, "-d", JSON.stringify(request)];
    const program = join(built.folder!, "grpcurl");
    const { stdout } = await promisify(execFile)(program, [...args, path, `tenon.host.v1.${method}`], {
      timeout: 20_000,
    });
    return JSON.parse(stdout);
  };
  return { call, config, records };
}

describe("the ready services, called by grpc-go", { skip: built.missing ?? false }, () => {
  test("Store stores, and tells of a conflict in the details of the error [SVC-16]", async (t) => {
    const { call } = await serve(t);
    const value = Buffer.from([0, 255]).toString("base64");
    const { version } = (await call("Store/Put", { key: "a/é", value, ifVersion: 0 })) as { version: string };
    assert.deepEqual(await call("Store/Get", { key: "a/é" }), { entry: { key: "a/é", value, version } });
    assert.deepEqual(await call("Store/Get", { key: "b" }), {});
    await assert.rejects(call("Store/Put", { key: "a/é", value, ifVersion: 1 }), (error: { stderr: string }) => {
      assert.match(error.stderr, /Code: Aborted/);
      assert.match(error.stderr, new RegExp(`tenon.host.v1.StoreConflict[^]*"version": ?"${version}"`));
      return true;
    });
    assert.deepEqual(await call("Store/List", { prefix: "a", keysOnly: true }), { entries: [{ key: "a/é", version }] });
    assert.deepEqual(await call("Store/Delete", { key: "a/é" }), { existed: true });
  });

  test("Config gives JSON text, also as the first message of a watch [SVC-16]", async (t) => {
    const { call, config } = await serve(t);
    await assert.rejects(call("Config/Get", {}), (error: { stderr: string }) => /Code: NotFound/.test(error.stderr));
    config.set("kv", { size: 2 ** 53 });
    const snapshot = { json: '{"size":9007199254740992}', version: "1" };
    assert.deepEqual(await call("Config/Get", {}), snapshot);
    await assert.rejects(call("Config/Watch", {}, "-max-time", "1"), (error: { stdout: string; stderr: string }) => {
      assert.match(error.stderr, /Code: DeadlineExceeded/);
      assert.deepEqual(JSON.parse(error.stdout), snapshot);
      return true;
    });
  });

  test("Log takes entries [SVC-16]", async (t) => {
    const { call, records } = await serve(t);
    const entry = {
      time: "2026-01-02T03:04:05.678Z",
      level: "LEVEL_WARN",
      message: "slow",
      fieldsJson: '{"ms":3}',
      callId: "7",
    };
    assert.deepEqual(await call("Log/Write", { entries: [entry, { level: "LEVEL_TRACE" }] }), { level: "LEVEL_DEBUG" });
    assert.deepEqual(records, [
      {
        time: new Date(entry.time),
        level: "warn",
        message: "slow",
        plugin: "kv",
        instance: "kv-1",
        source: "service",
        fields: { ms: 3 },
        callId: "7",
      },
    ]);
  });
});
