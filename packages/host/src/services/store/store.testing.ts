import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Client } from "@connectrpc/connect";
import { Store } from "@tenon/core/host-services";
import { clientOf } from "../client.testing.js";
import { createStore, type StoreOptions, type StoreService } from "./create-store.js";

/** A directory, until the end of the test. */
export function makeDirectory(t: TestContext): string {
  const directory = mkdtempSync("/tmp/tenon-store-");
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "made", "later");
}

/** A store, and clients of it by name of their plugin. */
export function openStore(
  t: TestContext,
  options: StoreOptions = {},
): { store: StoreService; clientOf: (plugin: string) => Client<typeof Store> } {
  const store = createStore(options);
  t.after(() => store.close());
  return { store, clientOf: (name) => clientOf(t, Store, store.for({ name, instance: `${name}-1` })) };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : new TextDecoder().decode(value);
