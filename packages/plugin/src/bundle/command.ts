import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import type * as Esbuild from "esbuild";
import { bundlePlugin } from "./bundle-plugin.js";

export const usage = `Usage: tenon-bundle ENTRY [--out-dir DIR] [--external NAME]... [--trial-start | --no-compile]

Bundles a plugin so that it starts fast, and prints the file to start. Needs esbuild (npm install --save-dev esbuild).

  ENTRY            the plugin's file, TypeScript or JavaScript
  --out-dir DIR    where the bundle goes (default: bundle)
  --external NAME  a package to leave out, such as one with native code; may be given again
  --trial-start    start the bundled plugin once, and compile what that used in place of everything: it then starts faster
  --no-compile     leave out the compiled form, which only the same version of Node can use
`;

/** What the command needs of its process. */
export interface CommandProcess {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly v8: string;
  readonly arch: string;
  /** Path of Node, and its environment: the plugin's at a trial start. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** The command: does what the arguments say and resolves with the exit code. */
export async function runBundleCommand(command: CommandProcess): Promise<number> {
  const { args, cwd, v8, arch, node, env, stdout, stderr } = command;
  const parsed = parse(args);
  if (typeof parsed === "string") {
    stderr(`tenon-bundle: ${parsed}\n\n${usage}`);
    return 2;
  }
  if (parsed.help) {
    stdout(usage);
    return 0;
  }
  const esbuild = await findEsbuild(cwd);
  if (esbuild === undefined) {
    stderr("tenon-bundle: esbuild is not installed here. Run: npm install --save-dev esbuild\n");
    return 1;
  }
  try {
    const { entry, outDir, external, compile } = parsed;
    const paths = { entry: resolve(cwd, entry), outDir: resolve(cwd, outDir) };
    stdout(`${await bundlePlugin({ build: esbuild.build, ...paths, external, compile, v8, arch, node, env })}\n`);
    return 0;
  } catch (error) {
    // What is wrong with the plugin's code esbuild has printed by itself.
    const isReported = error instanceof Error && "errors" in error;
    if (!isReported) stderr(`tenon-bundle: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function parse(args: readonly string[]) {
  const options = {
    "out-dir": { type: "string", default: "bundle" },
    external: { type: "string", multiple: true },
    "trial-start": { type: "boolean", default: false },
    "no-compile": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [entry = "", ...others] = positionals;
    const { help, external = [], "out-dir": outDir, "no-compile": noCompile, "trial-start": trial } = values;
    if (!help && (entry === "" || others.length > 0)) return "give one file to bundle";
    if (trial && noCompile) return "--trial-start is for a compiled form, which --no-compile leaves out";
    return { help, entry, outDir, external, compile: trial ? ("trial-start" as const) : !noCompile };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The esbuild of the plugin's author, or else the one beside this package. */
async function findEsbuild(cwd: string): Promise<typeof Esbuild | undefined> {
  for (const from of [pathToFileURL(resolve(cwd, "package.json")).href, import.meta.url]) {
    try {
      return (await import(pathToFileURL(createRequire(from).resolve("esbuild")).href)) as typeof Esbuild;
    } catch {
      // Looked for elsewhere next.
    }
  }
  return undefined;
}
