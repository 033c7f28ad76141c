import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Client } from "@connectrpc/connect";
import { defineContract } from "@tenon/core";
import { createHost, type LogRecord } from "@tenon/host";
import { admitAnyone, type BindEvent, type BindListener, type ListenOptions } from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { echo } from "../../fixtures/contracts.js";
import { Echo } from "../../gen/tenon/test/v1/echo_pb.js";

/** What the plugins serve: Echo alone. */
const contract = defineContract({ name: "bound-echo", cookie: echo.cookie, versions: { 1: { echo: Echo } } });
/** A message of five bytes. */
export const hello = { chunks: [Buffer.from("hello")] };

/** A listener of a Tenon host, and what it has told so far. It ends with the test. */
export async function listen(t: TestContext, options: Partial<ListenOptions> = {}) {
  const records: LogRecord[] = [];
  const events: BindEvent[] = [];
  const host = createHost({ log: (record) => void records.push(record) });
  t.after(() => host[Symbol.asyncDispose]());
  const listener = await host.listen({ admit: admitAnyone(), contracts: [contract], ...options });
  listener.onEvent((event) => void events.push(event));
  return { listener, records, events, kinds: () => events.map(({ kind }) => kind) };
}

/** The plugin's session, client and entry in the list, once it can be called, with an epoch above the one given. */
export async function ready(listener: BindListener, name: string, afterEpoch = 0) {
  const bound = await eventually(() =>
    listener.plugins().find(({ plugin, epoch, state }) => plugin === name && epoch > afterEpoch && state === "ready"),
  );
  const session = await eventually(() => listener.session(bound.id));
  return { bound, session, client: session.client("echo") as unknown as Client<typeof Echo> };
}

/** A folder that goes with the test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bind-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The path of a file that goes with the test. */
export function fileFor(t: TestContext, text: string): string {
  const path = join(folderFor(t), "file");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
