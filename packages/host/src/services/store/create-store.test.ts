import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { StoreConflictSchema } from "@tenon/core/host-services";
import { isTenonError } from "@tenon/core";
import { createStore } from "./create-store.js";
import { bytes, makeDirectory, openStore, text } from "./store.testing.js";

/** The version that a key has in fact, as the error of a write tells it. */
function versionIn(error: unknown): bigint | undefined {
  return ConnectError.from(error).findDetails(StoreConflictSchema)[0]?.version;
}

for (const kind of ["in memory", "in files"] as const) {
  describe(`a store ${kind}`, () => {
    test("puts, gets, overwrites and deletes [SVC-03]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const client = openStore(t, directory).clientOf("kv");
      assert.equal((await client.get({ key: "a" })).entry, undefined);
      const first = await client.put({ key: "a", value: bytes("1") });
      const second = await client.put({ key: "a", value: bytes("2") });
      assert.ok(second.version > first.version && first.version > 0n);
      const { entry } = await client.get({ key: "a" });
      assert.deepEqual([entry?.key, text(entry?.value), entry?.version], ["a", "2", second.version]);
      assert.deepEqual((await client.delete({ key: "a" })).existed, true);
      assert.deepEqual((await client.delete({ key: "a" })).existed, false);
      assert.equal((await client.get({ key: "a" })).entry, undefined);
      await client.put({ key: "empty", value: new Uint8Array() });
      assert.equal((await client.get({ key: "empty" })).entry?.value.length, 0);
    });

    test("is one for all instances of a plugin, and another for every other plugin [SVC-02]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const { clientOf } = openStore(t, directory);
      const [first, second, other] = [clientOf("kv"), clientOf("kv"), clientOf("KV")];
      await first.put({ key: "a", value: bytes("1") });
      assert.equal(text((await second.get({ key: "a" })).entry?.value), "1");
      assert.equal((await other.get({ key: "a" })).entry, undefined);
      assert.deepEqual((await other.list({})).entries, []);
      assert.equal((await other.delete({ key: "a" })).existed, false);
    });

    test("writes only over the version that is named, and says which one there is [SVC-04]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const client = openStore(t, directory).clientOf("kv");
      const { version } = await client.put({ key: "a", value: bytes("1"), ifVersion: 0n });
      await assert.rejects(client.put({ key: "a", value: bytes("x"), ifVersion: 0n }), (error) => {
        assert.deepEqual([ConnectError.from(error).code, versionIn(error)], [Code.Aborted, version]);
        return true;
      });
      const { version: later } = await client.put({ key: "a", value: bytes("2"), ifVersion: version });
      await assert.rejects(client.delete({ key: "a", ifVersion: version }), (error) => versionIn(error) === later);
      assert.equal((await client.delete({ key: "a", ifVersion: later })).existed, true);
      await assert.rejects(
        client.put({ key: "a", value: bytes("x"), ifVersion: later }),
        (error) => versionIn(error) === 0n,
      );
    });

    test("of many that write over one version at once, one does; counting by it loses none [SVC-04]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const { clientOf } = openStore(t, directory);
      const count = async (by: string): Promise<void> => {
        const client = clientOf("kv");
        for (let done = 0; done < 5; ) {
          const { entry } = await client.get({ key: "count" });
          const value = bytes(String(Number(text(entry?.value) ?? 0) + 1));
          try {
            await client.put({ key: "count", value, ifVersion: entry?.version ?? 0n });
            done++;
          } catch (error) {
            assert.equal(ConnectError.from(error).code, Code.Aborted, by);
          }
        }
      };
      await Promise.all(["a", "b", "c", "d"].map(count));
      assert.equal(text((await clientOf("kv").get({ key: "count" })).entry?.value), "20");
    });

    test("lists by prefix, in the order of the bytes, page by page [SVC-03]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const client = openStore(t, { ...directory, maxPageEntries: 3 }).clientOf("kv");
      const keys = ["a", "a/1", "a/2", "a/\uffff", "a/😀", "a/é", "b"];
      await Promise.all(keys.map((key) => client.put({ key, value: bytes(key) })));
      const seen: string[] = [];
      const pages: number[] = [];
      for (let pageToken = "", isLast = false; !isLast; isLast = pageToken === "") {
        const page = await client.list({ prefix: "a", pageSize: 100, pageToken });
        for (const { key, value } of page.entries) {
          assert.equal(text(value), key);
          seen.push(key);
        }
        pages.push(page.entries.length);
        pageToken = page.nextPageToken;
      }
      assert.deepEqual(seen, ["a", "a/1", "a/2", "a/é", "a/\uffff", "a/😀"]);
      assert.deepEqual(pages, [3, 3]);
      const { entries } = await client.list({ prefix: "a/", pageSize: 2, keysOnly: true });
      assert.deepEqual(
        entries.map(({ key, value }) => [key, value.length]),
        [
          ["a/1", 0],
          ["a/2", 0],
        ],
      );
      assert.ok(entries.every(({ version }) => version > 0n));
      for (const pageToken of ["?", Buffer.from("zzz").toString("base64url")]) {
        await assert.rejects(client.list({ prefix: "a", pageToken }), { code: Code.InvalidArgument });
      }
    });

    test("keeps its limits, each with its name, and takes what makes it smaller [SVC-05]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const limits = { maxKeyBytes: 4, maxValueBytes: 10, maxKeys: 2, maxTotalBytes: 16 };
      const client = openStore(t, { ...directory, ...limits }).clientOf("kv");
      const put = (key: string, length: number) => client.put({ key, value: new Uint8Array(length) });
      for (const [key, length, code, name] of [
        ["", 1, Code.InvalidArgument, /empty/],
        ["éé1", 1, Code.InvalidArgument, /maxKeyBytes 4/],
        ["a", 11, Code.ResourceExhausted, /maxValueBytes 10/],
      ] as const) {
        await assert.rejects(
          put(key, length),
          (error: ConnectError) => error.code === code && name.test(error.message),
        );
      }
      await put("a", 10);
      await assert.rejects(put("b", 5), (error: ConnectError) => /maxTotalBytes 16/.test(error.message));
      await put("b", 4);
      await assert.rejects(put("b", 5), { code: Code.ResourceExhausted });
      await put("b", 3);
      await assert.rejects(put("c", 0), (error: ConnectError) => /maxKeys 2/.test(error.message));
      await client.delete({ key: "a" });
      await put("c", 10);
    });

    test("a page ends before it is too long, and has one entry at least [SVC-05]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const client = openStore(t, { ...directory, maxPageBytes: 25 }).clientOf("kv");
      for (const [key, length] of [
        ["a", 10],
        ["b", 10],
        ["c", 10],
        ["d", 100],
      ] as const) {
        await client.put({ key, value: new Uint8Array(length) });
      }
      const lengths: number[] = [];
      let pageToken = "";
      do {
        const page = await client.list({ pageToken });
        lengths.push(page.entries.length);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      assert.deepEqual(lengths, [2, 1, 1]);
    });

    test("closed, it answers what came before and nothing more [SVC-06]", async (t) => {
      const directory = kind === "in files" ? { directory: makeDirectory(t) } : {};
      const { store, clientOf } = openStore(t, directory);
      const service = store.for({ name: "kv", instance: "1" });
      const putting = service.put({ key: "a", value: bytes("1") } as never, {} as never);
      const closing = store.close();
      await putting;
      await closing;
      await assert.rejects(clientOf("kv").get({ key: "a" }), { code: Code.Unavailable });
      await assert.rejects(clientOf("other").get({ key: "a" }), { code: Code.Unavailable });
    });
  });
}

test("what a plugin in this process holds is its own copy [SVC-02]", async () => {
  const service = createStore().for({ name: "kv", instance: "1" });
  const value = bytes("1");
  await service.put({ key: "a", value } as never, {} as never);
  value.fill(0);
  const get = async () => (await service.get({ key: "a" } as never, {} as never)).entry?.value as Uint8Array;
  (await get()).fill(0);
  assert.equal(text(await get()), "1");
});

test("refuses options that it cannot have", () => {
  for (const options of [
    { directory: "" },
    { maxKeys: 0 },
    { maxValueBytes: 17 * 1024 * 1024 },
    { maxPages: 1 },
    { onFault: "x" },
  ]) {
    assert.throws(
      () => createStore(options as never),
      (error) => isTenonError(error, "option-invalid"),
    );
  }
});
