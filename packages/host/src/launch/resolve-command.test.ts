import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { resolveCommand } from "./resolve-command.js";

let cwd = "";
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), "resolve-"));
  await mkdir(join(cwd, "bin"));
  await mkdir(join(cwd, "tool"));
  await writeFile(join(cwd, "bin", "tool"), "", { mode: 0o755 });
  await writeFile(join(cwd, "data"), "", { mode: 0o644 });
  await symlink("loop", join(cwd, "loop"));
});
after(() => rm(cwd, { recursive: true, force: true }));

test("bare names go through PATH, names with a slash start from the working directory", () => {
  const tool = join(cwd, "bin", "tool");
  assert.equal(resolveCommand({ command: "tool", cwd, path: "/nowhere:bin:/bin" }), tool);
  assert.equal(resolveCommand({ command: "./bin/tool", cwd, path: "" }), tool);
  assert.equal(resolveCommand({ command: tool, cwd, path: "" }), tool);
  // A directory of the name does not hide the file further on.
  assert.equal(resolveCommand({ command: "tool", cwd, path: ".:bin" }), tool);
});

test("each reason for not finding a file has its own code and words [LIFE-05] [LIFE-06]", () => {
  const rows: [command: string, path: string, code: ErrorCode, message: RegExp][] = [
    ["nothing", "bin:/bin", "executable-not-found", /any of the 2 directories of PATH/],
    ["./nothing", "", "executable-not-found", /does not exist \(from the working directory/],
    ["./bin", "", "executable-not-runnable", /is a directory/],
    ["tool", ".", "executable-not-runnable", /is a directory/],
    ["./data", "", "executable-not-runnable", /may not be executed/],
    ["data", ".", "executable-not-runnable", /may not be executed/],
    ["/dev/null", "", "executable-not-runnable", /no regular file/],
    ["./loop", "", "executable-not-runnable", /may not be entered/],
  ];
  for (const [command, path, code, message] of rows) {
    assert.throws(
      () => resolveCommand({ command, cwd, path }),
      (error) => {
        assert.ok(isTenonError(error, code), `${command}: ${String(error)}`);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("a working directory that is none is named [LIFE-05]", () => {
  for (const wrong of [join(cwd, "none"), join(cwd, "data")]) {
    assert.throws(
      () => resolveCommand({ command: "sh", cwd: wrong, path: "/bin" }),
      (error) => isTenonError(error, "executable-not-found") && error.message.includes(wrong),
    );
  }
});
