import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { eventually } from "@tenon/testkit";
import { type PageServer, servePage } from "./serve-page.js";

/** What the host does with the page. */
async function useThePage(page: PageServer): Promise<void> {
  const session = await eventually(() => page.session(), { timeoutMs: 30_000, what: "the page's session" });
  const client = session.client("kv");
  const text = "a value that is longer than one frame. ".repeat(5000);
  await client.put({ key: "long", value: Buffer.from(text) });
  const values = await Promise.all(Array.from({ length: 50 }, () => client.get({ key: "long" })));
  for (const { value } of values) assert.equal(Buffer.from(value).toString(), text);
  assert.deepEqual((await client.get({ key: "none" })).value, new Uint8Array());
}

test("the page's script binds with what a page has, and nothing of Node's [BIND-48]", async () => {
  await using page = await servePage();
  const [html, script] = await Promise.all(
    ["/", "/page.js"].map(async (path) => (await fetch(page.url + path)).text()),
  );
  const token = /content="([^"]+)"/.exec(html!)?.[1];
  const thread = new Worker(new URL("./page-thread.testing.js", import.meta.url), {
    workerData: { url: page.url, token, script },
  });
  try {
    await useThePage(page);
  } finally {
    await thread.terminate();
  }
});

const browser = ["chromium", "chromium-headless-shell", "google-chrome"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((path) => existsSync(path));

test("a page in a browser is a plugin [BIND-48]", {
  skip: browser === undefined && "there is no Chromium",
}, async () => {
  const profile = mkdtempSync(join(tmpdir(), "tenon-page-"));
  await using page = await servePage();
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${profile}`,
    "--remote-debugging-port=0",
  ];
  // In a group of its own, which it leaves behind when it is killed alone.
  const child = spawn(browser!, [...flags, page.url], { stdio: "ignore", detached: true });
  const exited = once(child, "exit");
  try {
    await useThePage(page);
  } finally {
    process.kill(-child.pid!, "SIGKILL");
    await exited;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
});
