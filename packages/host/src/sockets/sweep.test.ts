import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sweepSocket } from "./sweep.js";

const userId = process.geteuid?.();
let root = "";
const servers: Server[] = [];
before(async () => {
  root = await mkdtemp(join(tmpdir(), "sweep"));
});
after(async () => {
  for (const server of servers) server.close();
  await rm(root, { recursive: true, force: true });
});

async function socket(directory: string, name = "sock"): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, name);
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

describe("sweeping", { skip: process.platform === "win32" }, () => {
  const place = (name: string): string => join(root, name);

  test("removes the socket, the others with it, and the private directory [LIFE-19]", async () => {
    const path = await socket(place("tenon-a"));
    await socket(place("tenon-a"), "broker");
    sweepSocket(path, { userId, madeAfter: Date.now() });
    assert.equal(existsSync(place("tenon-a")), false);
  });

  test("leaves a directory of another name, and files in a private one [LIFE-19]", async () => {
    const path = await socket(place("other"));
    sweepSocket(path, { userId, madeAfter: Date.now() });
    assert.deepEqual([existsSync(path), existsSync(place("other"))], [false, true]);
    const second = await socket(place("tenon-b"));
    await writeFile(place("tenon-b/notes"), "");
    sweepSocket(second, { userId, madeAfter: Date.now() });
    assert.deepEqual([existsSync(second), existsSync(place("tenon-b/notes"))], [false, true]);
  });

  test("touches nothing that is no socket, is older, belongs to another, or is reached by a link", async () => {
    const file = place("tenon-c/file");
    await mkdir(place("tenon-c"), { recursive: true });
    await writeFile(file, "");
    sweepSocket(file, { userId, madeAfter: Date.now() });
    const path = await socket(place("tenon-d"));
    sweepSocket(path, { userId, madeAfter: Date.now() + 60_000 });
    sweepSocket(path, { userId: 12_345, madeAfter: Date.now() });
    await symlink(place("tenon-d"), place("tenon-e"));
    await symlink(path, place("link"));
    sweepSocket(place("link"), { userId, madeAfter: Date.now() });
    assert.deepEqual([existsSync(file), existsSync(path), existsSync(place("tenon-e"))], [true, true, true]);
    sweepSocket(place("nowhere/x"), { userId, madeAfter: Date.now() });
  });
});
