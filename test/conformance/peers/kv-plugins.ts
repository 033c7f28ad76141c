import { fileURLToPath } from "node:url";
import { goPlugin } from "./go.js";
import { javaPlugin } from "./java.js";
import { pythonPlugin } from "./python.js";
import { rustPlugin } from "./rust.js";

/** The key-value plugin in one language. */
export interface KvPlugin {
  readonly language: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Why it cannot be run here; then the command is of no use. */
  readonly missing: string | undefined;
  /** Whether it removes its socket when it ends by itself. go-plugin does so only when it was asked to end. */
  readonly isTidy: boolean;
}

/** Builds the plugins of examples/kv one after the other, since each build takes all processors. */
export async function kvPlugins(): Promise<readonly KvPlugin[]> {
  const none = [""] as const;
  const script = fileURLToPath(new URL("../../../../examples/kv/dist/plugin.js", import.meta.url));
  const go = await goPlugin();
  const python = await pythonPlugin();
  const rust = await rustPlugin();
  const java = await javaPlugin();
  const usual = { env: {}, missing: undefined, isTidy: true };
  return [
    { ...usual, language: "TypeScript", command: [process.execPath, script] },
    { ...usual, language: "Go", command: [go.program ?? ""], missing: go.missing, isTidy: false },
    { ...usual, language: "Python", command: python.command ?? none, missing: python.missing, env: python.env ?? {} },
    { ...usual, language: "Rust", command: [rust.program ?? ""], missing: rust.missing },
    { ...usual, language: "Java", command: java.command ?? none, missing: java.missing },
  ];
}
