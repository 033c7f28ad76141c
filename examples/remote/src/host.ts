// The host's process: what main.ts starts, in the place that it has chosen.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLoopback } from "./network/loopback.js";
import { createNamespaces } from "./network/namespaces.js";
import type { Offers } from "./offers.js";
import { tellStory } from "./story.js";

const { why, ...offers } = JSON.parse(process.argv[2] ?? "{}") as Offers & { readonly why?: string };
const abort = new AbortController();
const stop = (): void => abort.abort(new Error("stopped"));
process.stdin.on("end", stop).resume();
// Nobody reads any more, as with "| head".
for (const stream of [process.stdout, process.stderr]) stream.on("error", stop);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop);

let isOver = false;
const folder = mkdtempSync(join(tmpdir(), "tenon-remote-"));
try {
  await using network = why === undefined ? createNamespaces() : createLoopback(why);
  await tellStory({ ...offers, network, folder, signal: abort.signal });
  isOver = true;
} catch (error) {
  console.error(abort.signal.aborted ? "Stopped; nothing was left behind." : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
  process.stdin.destroy();
}
if (isOver) console.log("\nEvery plugin has ended, and what was made for them is gone.");
