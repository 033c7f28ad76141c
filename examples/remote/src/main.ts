// A host and three plugins that dial in to it, each in a network of its own where this machine allows it. --loopback does without.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { apart, whyNoNamespaces } from "./network/namespaces.js";
import type { Command } from "./network/network.js";
import { prepareOffers } from "./offers.js";

const signals = { SIGINT: 130, SIGTERM: 143 } as const;
const abort = new AbortController();
for (const [signal, exitCode] of Object.entries(signals)) {
  process.on(signal, () => {
    process.exitCode = exitCode;
    abort.abort(new Error(`stopped by ${signal}`));
  });
}

/** Shows a line that the next one replaces, for people only. */
function progress(sentence: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${sentence}`);
}

try {
  // Here, since where the host will be there is no way out.
  progress("Preparing Go and Python, which takes longer the first time…");
  const offers = await prepareOffers(abort.signal);
  progress("");
  const why = process.argv.includes("--loopback") ? "--loopback was given" : await whyNoNamespaces();
  const host = [fileURLToPath(new URL("host.js", import.meta.url)), JSON.stringify({ ...offers, why })];
  const [command, ...args]: Command =
    why === undefined ? [...apart, process.execPath, ...host] : [process.execPath, ...host];
  abort.signal.throwIfAborted();
  // Its input ends with this process, however that ends.
  const child = spawn(command, args, { stdio: ["pipe", "inherit", "inherit"] });
  abort.signal.addEventListener("abort", () => child.stdin.end());
  const [exitCode] = (await once(child, "exit")) as [number | null];
  process.exitCode ??= exitCode ?? 1;
} catch (error) {
  progress("");
  console.error((error as Error).message);
  process.exitCode ??= 1;
}
