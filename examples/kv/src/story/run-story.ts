import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost } from "@tenon/host";
import { kv } from "../contract.js";
import { findPlugins, type StoryPlugin } from "./plugins.js";
import { type RepositoryFile, readRepositoryFiles } from "./repository-files.js";
import { storeFiles } from "./store-files.js";
import { formatTable, type StoryRow } from "./table.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const shownErrors = 5;
const progressEvery = 20;

/** Tells the whole story on stdout. Resolves with whether every file came back unchanged from every plugin. */
export async function runStory(signal: AbortSignal, progress: (sentence: string) => void): Promise<boolean> {
  progress("Looking for Go, and building go-plugin's example if it is new…");
  const { plugins, absent } = await findPlugins(signal);
  const files = await readRepositoryFiles(root, signal);
  progress("");
  console.log(`A host in TypeScript stores the ${files.length} files of this repository through each plugin`);
  console.log("and reads every one back. The TypeScript plugin is one file; only the way it is run differs.\n");

  const rows: StoryRow[] = [];
  const folder = await mkdtemp(join(tmpdir(), "tenon-kv-"));
  try {
    for (const plugin of plugins) {
      const title = `${plugin.name} (${plugin.launcher}${plugin.autoMtls ? ", AutoMTLS" : ""})`;
      const place = join(folder, String(rows.length));
      await mkdir(place);
      progress(`${title}: starting`);
      const onProgress = (done: number) => {
        if (done % progressEvery === 0) progress(`${title}: ${done} of ${files.length} files`);
      };
      rows.push(await storeThrough(plugin, files, place, signal, onProgress));
    }
  } finally {
    progress("");
    await rm(folder, { recursive: true, force: true });
  }

  console.log(formatTable(rows));
  if (absent !== undefined) console.log(`\nRows of go-plugin's own Go plugin: ${absent}`);
  const errors = rows.flatMap((row) => row.errors.map((error) => `${row.plugin.name}: ${error}`));
  for (const error of errors.slice(0, shownErrors)) console.error(error);
  if (errors.length === 0) console.log("\nEvery file came back with the same SHA-256.");
  return errors.length === 0;
}

/** Runs one plugin in `place`, where it keeps its files and sockets, and stops it again. */
async function storeThrough(
  plugin: StoryPlugin,
  files: readonly RepositoryFile[],
  place: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<StoryRow> {
  const before = process.cwd();
  // What lives inside this process has its working directory too.
  process.chdir(place);
  try {
    await using host = createHost();
    const options = { autoMtls: plugin.autoMtls, socketDir: place, signal };
    const session = await host.start(kv, plugin.launch(place), options);
    const result = await storeFiles(session.client("kv"), files, { suffix: plugin.suffix, signal, onProgress });
    return { plugin, version: session.version, tls: session.tls, startMs: session.startMs, ...result };
  } finally {
    process.chdir(before);
  }
}
