import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { useSandbox } from "../support/sandbox.js";

useSandbox();
const count = process.env["EVERY_AREA"] === "1" ? 1000 : 60;

test(`${count} plugins bind at once, none is refused or lost, and they cost little [BSC-01] [BSC-02]`, async (t) => {
  const program = fileURLToPath(new URL("storm.js", import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", program, String(count)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const [figures, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  for (const line of figures.trim().split("\n")) t.diagnostic(line);
  assert.deepEqual([await exited, errors], [[0, null], ""]);
});
