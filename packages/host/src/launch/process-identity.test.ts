import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { listensAt, readIdentity } from "./process-identity.js";

const skip = process.platform === "linux" ? false : "needs /proc";

test("a process is itself and nobody else, until it ends [REATT-06]", { skip }, async () => {
  const child = spawn("sleep", ["60"], { detached: true });
  const first = readIdentity(child.pid!);
  assert.deepEqual(readIdentity(child.pid!), first);
  assert.equal(first?.groupId, child.pid);
  assert.notEqual(first?.identity, readIdentity(process.pid)?.identity);
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(readIdentity(child.pid!), undefined);
});

test("a process listens where it does, and others do not [REATT-06]", { skip }, async (t) => {
  const directory = mkdtempSync("/tmp/id");
  t.after(() => rmSync(directory, { recursive: true }));
  const [path, server, tcp] = [join(directory, "a socket"), createServer(), createServer()];
  server.listen(path);
  tcp.listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(tcp, "listening")]);
  t.after(() => (server.close(), tcp.close()));
  const address = `127.0.0.1:${(tcp.address() as AddressInfo).port}`;
  assert.equal(listensAt(process.pid, { network: "unix", address: path }), true);
  assert.equal(listensAt(process.pid, { network: "tcp", address }), true);
  assert.equal(listensAt(process.pid, { network: "unix", address: `${path}2` }), false);
  assert.equal(listensAt(process.ppid, { network: "unix", address: path }), false);
  assert.equal(listensAt(process.ppid, { network: "tcp", address }), false);
  assert.equal(listensAt(2 ** 22 + 1, { network: "tcp", address }), false);
});
