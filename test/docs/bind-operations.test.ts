import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rejectCodes } from "@tenon/core/bind";
import { read } from "./pages.js";

const page = read("docs/guides/bind-operations.md");

/** What the first cells of the tables below a heading have in back-quotes. */
function namesBelow(heading: string): string[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading))!;
  const cells = [...section.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!));
}

test("the page tells what to do about every event", () => {
  const [, kinds = ""] = /export type BindEventKind =([^;]*);/.exec(read("packages/host/src/bind/events.ts"))!;
  const expected = [...kinds.matchAll(/"(\w+)"/g)].map(([, kind]) => kind!);
  assert.deepEqual(namesBelow("Events").toSorted(), expected.toSorted());
});

test("the page tells what to do about every refusal, and which ones pass by themselves", () => {
  const codes = namesBelow("Refused");
  assert.deepEqual(codes.toSorted(), Object.keys(rejectCodes).toSorted());
  const passing = Object.entries(rejectCodes).flatMap(([code, { retryable }]) => (retryable ? [code] : []));
  assert.deepEqual(codes.slice(0, passing.length).toSorted(), passing.toSorted());
});

const unit = read("docs/guides/bind-operations/kv-plugin.service");

test("the unit has options that tenon-bind knows, and is given longer to stop than calls to finish", () => {
  const usage = read("packages/plugin/src/bind/cli/arguments.ts");
  const options = [...unit.matchAll(/ (--[a-z-]+)=/g)].map(([, option]) => option!);
  assert.ok(options.length > 5);
  for (const option of options) assert.match(usage, new RegExp(`^  ${option} `, "m"));
  const [, drainMs] = /--drain-timeout-ms=(\d+)/.exec(unit)!;
  const [, stopSeconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit)!;
  assert.ok(Number(stopSeconds) * 1000 > Number(drainMs));
});

test("systemd has nothing against the unit", (t) => {
  const folder = mkdtempSync("/tmp/unit-");
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "kv-plugin.service");
  const verify = (text: string) => {
    // The program and the user are not on this machine.
    writeFileSync(file, text.replace("=/usr/local/bin/tenon-bind", "=/bin/true").replace(/^User=.*$/m, "User=root"));
    const { error, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    return { isMissing: error !== undefined, stderr };
  };
  const { isMissing, stderr } = verify(unit);
  if (isMissing) return t.skip("systemd-analyze is not on the PATH");
  // It reads the units of the machine as well, some of which it may not like.
  const complaints = stderr.split("\n").filter((line) => line.includes("kv-plugin"));
  assert.deepEqual(complaints, []);
  assert.match(verify(unit.replace("KillMode", "KilMode")).stderr, /kv-plugin\.service:\d+: Unknown key 'KilMode'/);
});
