import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspectExecutable } from "./inspect-executable.js";

const machine = { platform: process.platform, architecture: process.arch };
let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "inspect-"));
});
after(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, content: string, mode = 0o755): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content, { mode });
  return path;
}

test("a program that this machine runs has no fault", async () => {
  assert.equal(await inspectExecutable(process.execPath, machine), undefined);
  assert.equal(await inspectExecutable(await file("good", "#!/bin/sh\n"), machine), undefined);
  assert.equal(await inspectExecutable(await file("plain", "echo\n"), machine), undefined);
  assert.equal(await inspectExecutable(join(directory, "none"), machine), undefined);
});

test("each reason has its sentence [LIFE-06] [LIFE-07]", async () => {
  const rows: [string, string, RegExp][] = [
    [await file("missing", "#!/no/such\n"), "executable-format", /interpreter \/no\/such, which does not exist/],
    [await file("crlf", "#!/bin/sh\r\n"), "executable-format", /carriage return/],
    [await file("bare", "#!\n"), "executable-format", /no interpreter/],
    [await file("empty", ""), "executable-format", /is empty/],
    [await file("data", "#!/bin/sh\n", 0o644), "executable-not-runnable", /chmod \+x/],
  ];
  for (const [path, code, sentence] of rows) {
    const fault = await inspectExecutable(path, machine);
    assert.equal(fault?.code, code, path);
    assert.match(fault?.sentence ?? "", sentence);
  }
});

test("a program for another machine names both machines [LIFE-07]", {
  skip: process.platform !== "linux",
}, async () => {
  const other = await inspectExecutable(process.execPath, { platform: "linux", architecture: "s390x" });
  assert.equal(other?.code, "executable-format");
  assert.ok(other?.sentence.includes(process.arch) && other.sentence.includes("s390x"));
  const mac = await inspectExecutable(process.execPath, { platform: "darwin", architecture: process.arch });
  assert.match(mac?.sentence ?? "", /for Linux; this machine runs darwin/);
});
