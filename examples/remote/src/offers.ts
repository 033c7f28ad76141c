import { fileURLToPath } from "node:url";
import { goExample } from "@tenon/example-kv/go";
import type { Command } from "./network/network.js";
import { preparePython } from "./python.js";

/** A plugin of the story, and how it is started. */
export interface Offer {
  readonly name: string;
  readonly language: string;
  /** Plain data, in which HOST stands for the host's address and FOLDER for the plugin's own. */
  readonly command: Command;
  /** The same. */
  readonly env: Readonly<Record<string, string>>;
}

/** What this machine has for the story. */
export interface Offers {
  readonly offers: readonly Offer[];
  /** Why others are missing, a sentence each. */
  readonly missing: readonly string[];
}

const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What `npx tenon-bind` runs. */
const tenonBind = fileURLToPath(new URL("bind/cli/main.js", import.meta.resolve("@tenon/plugin")));

const certificates = ["--tls-ca", "FOLDER/ca.crt", "--tls-cert", "FOLDER/tls.crt", "--tls-key", "FOLDER/tls.key"];
const bindGo = ["--to", "HOST", ...certificates, "--token-file", "FOLDER/token", "--cookie", "BASIC_PLUGIN=hello"];
const named = ["--name", "kv-go", "--instance", "kv-go-0", "--plugin-version", "1.8.0"];

/** Builds and installs what the plugins in Go and Python need, the first time. With `CI=true` it rejects where that is not possible. */
export async function prepareOffers(signal: AbortSignal): Promise<Offers> {
  const [go, python] = await Promise.all([prepareGo(signal), preparePython(signal)]);
  const offers: Offer[] = [
    {
      name: "kv-typescript",
      language: "TypeScript",
      command: [process.execPath, script("dial-in.js"), "HOST", "FOLDER"],
      env: {},
    },
  ];
  const missing: string[] = [];
  if (python.missing === undefined) {
    const command: Command = [python.python, "-B", script("../python/kv_remote.py"), "HOST", "FOLDER"];
    offers.push({ name: "kv-python", language: "Python", command, env: { PYTHONPATH: python.path, TMPDIR: "FOLDER" } });
  } else {
    missing.push(`The plugin in Python is left out: ${python.missing}.`);
  }
  if (go.missing === undefined) {
    const command: Command = [process.execPath, tenonBind, ...bindGo, ...named, "--", go.plugin];
    offers.push({ name: "kv-go", language: "Go, go-plugin's own", command, env: {} });
  } else {
    missing.push(`The plugin in Go is left out: ${go.missing.replace(/^skipped: /, "")}.`);
  }
  return { offers, missing };
}

async function prepareGo(signal: AbortSignal) {
  return await goExample(signal).catch((error: Error) => {
    if (signal.aborted || process.env["CI"] === "true") throw error;
    return { missing: error.message.split("\n").at(-1)! };
  });
}
