import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "node:test";

const here = dirname(fileURLToPath(import.meta.url));
const generated = fileURLToPath(new URL("../../gen/tenon/test/v1/echo_pb.js", import.meta.url));

/** The beginning of a plugin's file: `make` turns handlers of Echo into a plugin of the fixtures' contract `echo`. */
export const preamble = `
import { defineContract } from "@tenon/core";
import { implement, runPlugin } from "@tenon/plugin";
import { Echo } from ${JSON.stringify(generated)};
const contract = defineContract({
  name: "echo",
  cookie: { key: "ECHO_PLUGIN", value: "tenon-test" },
  versions: { 1: { echo: Echo } },
});
const none = () => ({});
async function* nothing() {}
const make = (handlers) =>
  implement(contract, { echo: { unary: none, serverStream: nothing, clientStream: none, bidi: nothing, ...handlers } });
const text = (value) => ({ chunks: [new TextEncoder().encode(String(value))] });
`;

/** Files of a test, under a folder from which Tenon's packages are found; gone when the test is. */
export function pluginFolder(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(here, "plugins-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, content: string): void => {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  return { folder, write, file: (name: string) => join(folder, name) };
}

/** What a plugin of the preamble answered. */
export function textOf({ chunks }: { readonly chunks: readonly Uint8Array[] }): string {
  return Buffer.concat(chunks).toString();
}
