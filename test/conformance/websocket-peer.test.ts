import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import { useSandbox } from "../support/sandbox.js";
import { bind, listen, putAndGet } from "../websocket/ends.js";

useSandbox();
// Seen from test/dist/conformance.
const module = fileURLToPath(new URL("../../conformance/websocket", import.meta.url));
const built = await buildGo({ module, packages: ["./bridge"] });
const skip = built.missing ?? false;

/** Starts the program that joins plain connections and Go's WebSockets. Resolves with where it listens. */
async function startBridge(t: TestContext, ...args: [kind: "dial" | "serve", target: string]): Promise<string> {
  const child = spawn(join(built.folder!, "bridge"), args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "close");
  t.after(async () => {
    child.stdin.end();
    await exited;
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return String(line).trim();
}

test("Go's WebSocket carries a plugin to our host [BIND-40] [BIND-42]", { skip }, async (t) => {
  const { listener, client } = await listen(t, { address: "ws://127.0.0.1:0/bind", origins: ["http://peer.example"] });
  const bound = await bind(t, { to: await startBridge(t, "dial", listener.address) });
  await putAndGet(await client());
  const { kind } = await bound.close();
  assert.equal(kind, "closed");
});

test("our plugin's WebSocket is carried to a host by Go's [BIND-40]", { skip }, async (t) => {
  const { listener, client } = await listen(t, {});
  const bound = await bind(t, { to: `ws://${await startBridge(t, "serve", listener.address)}/bind` });
  await putAndGet(await client());
  const { kind } = await bound.close();
  assert.equal(kind, "closed");
});
