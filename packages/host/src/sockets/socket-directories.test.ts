import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { listDescendants } from "@tenon/testkit";
import { createSocketDirectories } from "./socket-directories.js";

const { TMPDIR } = process.env;
const janitors = (): number =>
  listDescendants(process.pid).filter(({ command }) => command.includes("tenon-janitor")).length;

describe("socket directories", { skip: process.platform === "win32" }, () => {
  let base = "";
  beforeEach(() => {
    base = mkdtempSync("/tmp/sd");
    process.env["TMPDIR"] = base;
  });
  afterEach(() => {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
    rmSync(base, { recursive: true });
  });

  test("each is the user's alone, and gone with its instance [ENV-15]", async () => {
    const directories = createSocketDirectories(false);
    const first = directories.create();
    const second = directories.create();
    assert.notEqual(first.path, second.path);
    assert.match(first.path.slice(base.length), new RegExp(`^/tenon-${process.pid}-\\w{12}$`));
    assert.equal(statSync(first.path).mode & 0o777, 0o700);
    writeFileSync(join(second.path, "notes"), "");
    for (const directory of [first, second]) {
      directory.remove();
      await directory.release();
    }
    assert.deepEqual([existsSync(first.path), existsSync(second.path)], [false, true]);
  });

  test("a temporary directory that is too long, cannot be used or sent makes them go to /tmp", async () => {
    const long = join(base, "x".repeat(60));
    mkdirSync(long);
    for (const unusable of [long, join(base, "missing"), `${base}/a|b`]) {
      process.env["TMPDIR"] = unusable;
      const directory = createSocketDirectories(false).create();
      assert.equal(dirname(directory.path), "/tmp");
      directory.remove();
      await directory.release();
    }
  });

  test("one janitor is there while there is one of them, unless it is not wanted [LIFE-18]", {
    skip: process.platform === "linux" ? false : "needs /proc",
  }, async () => {
    for (const wantsJanitor of [true, false]) {
      const directories = createSocketDirectories(wantsJanitor);
      directories.watch();
      assert.equal(janitors(), 0);
      for (let round = 0; round < 2; round++) {
        const all = [directories.create(), directories.create()];
        directories.watch();
        assert.equal(janitors(), wantsJanitor ? 1 : 0);
        for (const directory of all) {
          directory.remove();
          await directory.release();
        }
        assert.equal(janitors(), 0);
      }
    }
  });
});
