import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { sweepAbandoned } from "./abandoned.js";

const namesIn = (base: string): Set<string> => new Set(readdirSync(base, { recursive: true, encoding: "utf8" }));

const skip = process.platform === "win32" ? "no unix sockets" : false;
/** The id of a process that has ended. */
const deadPid = spawnSync(process.execPath, ["-e", ""]).pid;

function makeBase(t: TestContext): string {
  const base = mkdtempSync("/tmp/ab");
  t.after(() => rmSync(base, { recursive: true }));
  return base;
}

function makeDirectory(base: string, name: string): string {
  const path = join(base, name);
  mkdirSync(path);
  return path;
}

/** Leaves a socket file behind that nobody listens at, as a killed process does. */
function leaveSocket(path: string): void {
  const program = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", program, path]);
  assert.ok(existsSync(path));
}

test("removes what killed hosts left: dead sockets at once, empty directories after a while [LIFE-21]", {
  skip,
}, async (t) => {
  const base = makeBase(t);
  leaveSocket(join(makeDirectory(base, `tenon-${deadPid}-00ff00abcDEF`), "plugin1"));
  const empty = makeDirectory(base, `tenon-${deadPid}-00ff01abcDEF`);
  await sweepAbandoned(base);
  assert.deepEqual(readdirSync(base), [`tenon-${deadPid}-00ff01abcDEF`]);
  const longAgo = Date.now() / 1000 - 120;
  utimesSync(empty, longAgo, longAgo);
  await sweepAbandoned(base);
  assert.deepEqual(readdirSync(base), []);
});

test("touches no other name, link, live process, live socket or file [LIFE-21]", { skip }, async (t) => {
  const base = makeBase(t);
  const elsewhere = makeDirectory(base, "elsewhere");
  leaveSocket(join(elsewhere, "s"));
  symlinkSync(elsewhere, join(base, `tenon-${deadPid}-00ff00abcDEF`));
  for (const name of [
    `tenon-${process.pid}-00ff00abcDEF`,
    `tenon-${deadPid}-app`,
    `tenon-0${deadPid}-00ff00abcDEF`,
    "tenon-AbC123",
  ]) {
    leaveSocket(join(makeDirectory(base, name), "s"));
  }
  // Its host may live in another container: its id means nothing here.
  const server = createServer();
  t.after(() => server.close());
  const served = makeDirectory(base, `tenon-${deadPid}-00ff02abcDEF`);
  await new Promise<void>((resolve) => server.listen(join(served, "s"), resolve));
  writeFileSync(join(makeDirectory(base, `tenon-${deadPid}-00ff03abcDEF`), "notes"), "");
  const before = namesIn(base);
  await sweepAbandoned(base);
  assert.deepEqual(namesIn(base), before);
  await sweepAbandoned(join(base, "nowhere"));
});
