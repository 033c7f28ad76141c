import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { ExitFacts } from "../launch/exit-facts.js";
import { awaitReach } from "./await-reach.js";

const never = new AbortController().signal;

test("what a thread says on its port while it fails is less than how it ends [WRK-03]", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage({ error: "cannot serve" });
  const exited = new Promise<ExitFacts>((resolve) => setTimeout(resolve, 50, { exitCode: 1, signal: null }));
  await assert.rejects(awaitReach(port1, exited, never), {
    code: "exited-before-handshake",
    message: "its thread ended with exit code 1 before its handshake",
  });
});

test("a thread that lives on after a first message that is no line has broken the handshake [WRK-03]", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage("hello|world");
  await assert.rejects(awaitReach(port1, new Promise(() => {}), never), { code: "handshake-malformed" });
});
