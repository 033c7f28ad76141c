import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Code } from "@connectrpc/connect";
import { createHost, type Launch, type LogRecord, type StartOptions } from "@tenon/host";
import { createConfig, createLog, createStore } from "@tenon/host/services";
import { eventually } from "@tenon/testkit";
import { storedKv } from "../fixtures/stored-kv.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const command = fixture("stored-kv-plugin");

const ways: readonly { readonly name: string; readonly launch: Launch; readonly options: StartOptions }[] = [
  { name: "process, sockets", launch: { process: command }, options: {} },
  { name: "process, one connection", launch: { process: command }, options: { multiplex: true } },
  { name: "stdio", launch: { stdio: command }, options: {} },
  { name: "worker", launch: { worker: command[1]! }, options: {} },
  { name: "inline", launch: { inline: command[1]! }, options: {} },
];

function open(t: TestContext) {
  const directory = join(sandbox.directory, "stores");
  const records: LogRecord[] = [];
  const store = createStore({ directory });
  const config = createConfig();
  const log = createLog({ sink: (record) => void records.push(record) });
  const host = createHost();
  t.after(async () => {
    await host.stop();
    await store.erase("one");
    await store.erase("two");
    await store.close();
    if (existsSync(directory)) assert.deepEqual(readdirSync(directory), []);
  });
  const hostServices = { store: store.for, config: config.for, log: log.for };
  return { host, config, records, hostServices };
}

for (const { name, launch, options } of ways) {
  describe(`Store, Config and Log for a plugin, ${name}`, () => {
    test("instances of a plugin share its entries, and others have their own [SVC-02] [SVC-11] [SVC-13]", async (t) => {
      const { host, config, records, hostServices } = open(t);
      config.set("one", { prefix: "1/" });
      config.set("two", { prefix: "2/" });
      const start = (plugin: string) => host.start(storedKv, launch, { ...options, name: plugin, hostServices });
      const [first, second, other] = await Promise.all(["one", "one", "two"].map(start));
      const value = Buffer.alloc(100_000, "x");
      await first!.client("kv").put({ key: "a", value });
      assert.deepEqual(Buffer.from((await second!.client("kv").get({ key: "a" })).value), value);
      await assert.rejects(other!.client("kv").get({ key: "a" }), { code: Code.NotFound });
      const [{ plugin, instance, source, message, fields, callId } = {} as LogRecord] = records;
      const expected = ["one", first!.id, "service", "put", { key: "a" }];
      assert.deepEqual([plugin, instance, source, message, fields], expected);
      assert.match(callId ?? "", /./);
      config.set("one", { prefix: "other/" });
      await assert.rejects(first!.client("kv").get({ key: "a" }), { code: Code.NotFound });
    });

    test("a plugin watches its configuration while its own call is open [SVC-12]", async (t) => {
      const { host, config, records, hostServices } = open(t);
      const session = await host.start(storedKv, launch, { ...options, name: "one", hostServices });
      const watching = session.client("kv").get({ key: "watch" });
      const seen = (prefix: string) => eventually(() => records.some(({ fields }) => fields["prefix"] === prefix));
      config.set("one", { prefix: "first" });
      await seen("first");
      config.set("two", { prefix: "not mine" });
      config.set("one", { prefix: "second" });
      await seen("second");
      config.set("one", { prefix: "last" });
      assert.equal(Buffer.from((await watching).value).toString(), "first,second,last");
    });
  });
}
