import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeDirectory, openStore, text } from "./store.testing.js";
import { keyCount, padding } from "./writer.testing.js";

const program = fileURLToPath(new URL("writer.testing.js", import.meta.url));
const rounds = 15;

/** Lets a process write, kills it after so many milliseconds, and returns the last number that was answered. */
async function writeUntilKilled(directory: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
  });
  await once(child.stdout, "data");
  await sleep(afterMs);
  child.kill("SIGKILL");
  await once(child, "close");
  const lines = printed.split("\n");
  lines.pop();
  return Math.max(...lines.map(Number));
}

test("killed while it writes, at whatever moment, it leaves a whole state with all that was answered [SVC-07]", async (t) => {
  for (let round = 0; round < rounds; round++) {
    const directory = makeDirectory(t);
    const answered = await writeUntilKilled(directory, Math.random() * 60);
    assert.ok(existsSync(join(directory, "kv.store")));
    const client = openStore(t, { directory }).clientOf("kv");
    const { entries } = await client.list({});
    const found = new Map(entries.map(({ key, value }) => [key, Number.parseInt(text(value)!, 10)]));
    const last = Math.max(...found.values());
    assert.ok(last >= answered, `${last} was found, and ${answered} had been answered`);
    // Writes are made in order, so what is there tells one state: the last numbers, one for each key, each whole.
    const expected = Array.from({ length: Math.min(keyCount, last) }, (_, back) => last - back);
    assert.deepEqual(found, new Map(expected.map((number) => [`k${number % keyCount}`, number])));
    for (const { value } of entries) assert.equal(text(value)!.replace(/^\d+/, ""), padding);
    // The next write clears away what the killed one may have left.
    await client.put({ key: "next", value: new Uint8Array() });
    assert.deepEqual(readdirSync(directory), ["kv.store"]);
  }
});
