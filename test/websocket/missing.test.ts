import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { fixture } from "../support/fixture.js";

test("without the package ws a host and a plugin say so, and do all else [BIND-47]", async () => {
  const [node, file] = fixture("without-ws");
  // A runtime with a WebSocket of its own does without the package.
  const { stdout } = await promisify(execFile)(node, ["--no-experimental-websocket", file!]);
  assert.deepEqual(JSON.parse(stdout), {
    listen: "websocket-missing",
    listenNone: "websocket-missing",
    bind: "websocket-missing",
    overTcp: "bound",
    handleUpgrade: 500,
  });
});
