import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildOnce, runTool } from "../peers/build-once.js";

/** The modules that pin the versions of go-plugin whose examples are built. */
const goModules = { "1.8.0": "test/fixtures/go/broker", "1.4.10": "test/fixtures/go/broker-1.4.10" } as const;
export type GoPluginVersion = keyof typeof goModules;

const library = "github.com/hashicorp/go-plugin";
const options = `AutoMTLS: os.Getenv("AUTO_MTLS") != ""`;
const optionsOf = { "1.8.0": `${options}, GRPCBrokerMultiplex: os.Getenv("MULTIPLEX") != ""`, "1.4.10": options };

/** Main packages of the examples, each with the versions of go-plugin that have it. */
const unchanged: Record<string, readonly GoPluginVersion[]> = {
  grpc: ["1.8.0", "1.4.10"],
  "grpc/plugin-go-grpc": ["1.8.0", "1.4.10"],
  "grpc/plugin-go-netrpc": ["1.8.0", "1.4.10"],
  negotiated: ["1.8.0", "1.4.10"],
  "negotiated/plugin-go": ["1.8.0", "1.4.10"],
  streaming: ["1.8.0"],
  "streaming/plugin": ["1.8.0"],
};

/** Programs with one line changed, by what each line becomes. Names begin with what the change is for. */
function changes(version: GoPluginVersion): readonly [name: string, from: string, replace: Record<string, string>][] {
  const more = { "AllowedProtocols:": `${optionsOf[version]},\nAllowedProtocols:` };
  return [
    ["options-grpc", "grpc", more],
    ["options-negotiated", "negotiated", more],
    ["options-bidirectional", "bidirectional", more],
    ...(version === "1.8.0" ? [["options-streaming", "streaming", more] as const] : []),
    ["version2-negotiated", "negotiated", { ...more, "&shared.KVPlugin{}": "&shared.KVGRPCPlugin{}" }],
    ["version2-plugin", "negotiated/plugin-go", { "&shared.KVPlugin{Impl:": "&shared.KVGRPCPlugin{Impl:" }],
  ].map(([name, from, replace]) => [name, from, replace] as [string, string, Record<string, string>]);
}

/** Path of a program of go-plugin's examples, or the sentence that says why there are none. */
export interface GoPrograms {
  readonly program: (name: string) => string;
  /** A copy of the example plugin in Python, with what was generated for it. */
  readonly pythonPlugin: string;
  readonly missing: string | undefined;
}

/**
 * Builds, once, the examples of this version as they are, each named after its package with `-` for `/`. In addition,
 * `options-…` are its hosts with one line more, so that `AUTO_MTLS` and `MULTIPLEX` in their environment turn these
 * on; `version2-…` are both ends of "negotiated" with version 2 moved from net/rpc to gRPC.
 */
export async function goPrograms(version: GoPluginVersion): Promise<GoPrograms> {
  const module = goModules[version];
  const built = await buildOnce({
    name: `go-plugin-examples-${version}`,
    tools: [["go", "version"]],
    // This file too, since it says what is changed.
    inputs: [`${module}/go.mod`, `${module}/go.sum`, "test/conformance/examples/go-programs.ts"],
    make: async (folder) => {
      const home = join(folder, module);
      await runTool("go", ["-C", home, "mod", "download", library]); // Which tries again where the next would not.
      const { stdout } = await promisify(execFile)("go", ["-C", home, "mod", "download", "-json", library]);
      const examples = join((JSON.parse(stdout) as { Dir: string }).Dir, "examples");
      mkdirSync(join(folder, "programs"));
      for (const [example, versions] of Object.entries(unchanged)) {
        if (versions.includes(version))
          await compile(folder, home, example.replace("/", "-"), `${library}/examples/${example}`);
      }
      for (const [name, from, replace] of changes(version)) {
        mkdirSync(join(home, name));
        writeFileSync(
          join(home, name, "main.go"),
          change(readFileSync(join(examples, from, "main.go"), "utf8"), replace),
        );
        await compile(folder, home, name, `./${name}`);
      }
      const python = join(folder, "plugin-python");
      cpSync(join(examples, "grpc", "plugin-python"), python, { recursive: true });
      // The module cache is read-only, and a folder of that kind could not be removed.
      for (const at of readdirSync(python, { recursive: true }) as string[]) chmodSync(join(python, at), 0o755);
      chmodSync(python, 0o755);
    },
  });
  const folder = built.folder ?? "";
  return {
    program: (name) => join(folder, "programs", name),
    pythonPlugin: join(folder, "plugin-python"),
    missing: built.missing,
  };
}

async function compile(folder: string, home: string, name: string, source: string): Promise<void> {
  const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
  const env = { CGO_ENABLED: "0", GOWORK: "off" };
  await runTool("go", ["-C", home, "build", ...flags, "-o", join(folder, "programs", name), source], env);
}

/** Throws where a text does not occur exactly once: then the example is no longer what this file thinks. */
function change(source: string, replace: Record<string, string>): string {
  return Object.entries(replace).reduce((text, [from, to]) => {
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`${from} occurs ${parts.length - 1} times in the example`);
    return parts.join(to);
  }, source);
}
