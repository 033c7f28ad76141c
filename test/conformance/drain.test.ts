import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";
import { UnixEcho } from "../wire/unix-echo.js";

// Seen from test/dist/conformance.
const module = fileURLToPath(new URL("../../conformance/go", import.meta.url));
const built = await buildGo({ module, packages: ["./load-client"] });
const skip = built.missing ?? false;

test("grpc-go loses no call while servers drain and others take over [WIRE-51]", { skip }, async () => {
  using echo = new UnixEcho({
    async unary(request) {
      await sleep(Math.random() * 3);
      return request;
    },
    async *bidi(requests) {
      yield* requests;
    },
  });
  await echo.listen();
  const client = spawn(join(built.folder!, "load-client"), [echo.path, "32"], { stdio: ["pipe", "pipe", "inherit"] });
  const output = text(client.stdout);
  const exited = once(client, "exit");
  const drained: Promise<void>[] = [];
  let served = 0;
  for (let i = 0; i < 10; i++) {
    await sleep(80);
    const last = echo.server!;
    await echo.listen();
    drained.push(last.close().then(() => void (served += last.stats().streams)));
  }
  client.stdin.end();
  await exited;
  const [, result = ""] = (await output).split("\n");
  const [succeeded = 0, failed] = result.split(" ").map(Number);
  assert.equal(failed, 0, `calls were lost: ${result}`);
  await Promise.all(drained);
  // Each drained server had its share, and no call was served twice.
  assert.ok(served > 100, `${served} calls before the last server`);
  assert.equal(served + echo.server!.stats().streams, succeeded);
});
