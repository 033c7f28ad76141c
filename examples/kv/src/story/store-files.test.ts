import assert from "node:assert/strict";
import { test } from "node:test";
import { type Client, createClient, createRouterTransport } from "@connectrpc/connect";
import { KV } from "../gen/kv_pb.js";
import { type RepositoryFile, sha256 } from "./repository-files.js";
import { storeFiles } from "./store-files.js";

const files: RepositoryFile[] = ["a", "b/c", "b/d"].map((path) => {
  const content = Buffer.from(`content of ${path}`);
  return { path, content, sha256: sha256(content) };
});

/** A store in this process that answers with whatever `change` makes of a value. */
function makeStore(change: (value: Uint8Array) => Uint8Array): Client<typeof KV> {
  const values = new Map<string, Uint8Array>();
  const transport = createRouterTransport(({ service }) => {
    service(KV, {
      put: ({ key, value }) => {
        values.set(key, value);
        return {};
      },
      get: ({ key }) => ({ value: change(values.get(key)!) }),
    });
  });
  return createClient(KV, transport);
}

function store(change: (value: Uint8Array) => Uint8Array, suffix = "", signal = new AbortController().signal) {
  return storeFiles(makeStore(change), files, { suffix, signal, onProgress: () => {} });
}

const append = (suffix: string) => (value: Uint8Array) => Buffer.concat([value, Buffer.from(suffix)]);

test("values that come back as they were count as calls and no errors", async () => {
  const { calls, errors, p50Ms, p99Ms } = await store((value) => value);
  assert.deepEqual([calls, errors], [6, []]);
  assert.ok(p50Ms > 0 && p50Ms <= p99Ms);
});

test("a suffix that the plugin is known to add is checked and taken off", async () => {
  assert.deepEqual((await store(append("!"), "!")).errors, []);
  assert.equal((await store(append("?"), "!")).errors.length, 3);
  assert.equal((await store((value) => value, "!")).errors.length, 3);
});

test("a changed value and a failed call are errors that name the file", async () => {
  const failed = await store((value) => {
    if (value.includes("d".charCodeAt(0))) throw new Error("broken");
    return append("x")(value);
  });
  assert.deepEqual(failed.errors.toSorted(), [
    "a: came back changed (13 bytes)",
    "b/c: came back changed (15 bytes)",
    "b/d: [internal] internal error",
  ]);
});

test("an aborted run rejects", async () => {
  await assert.rejects(
    store((value) => value, "", AbortSignal.abort(new Error("stopped"))),
    /stopped/,
  );
});
