import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Built, buildOnce, runTool } from "../peers/build-once.js";
import { findGrpcPython } from "../peers/python.js";

/** Seen from test/dist/conformance/bind-sdk. */
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const own = "test/conformance/bind-sdk";

/** A program that binds Echo to the host at the address that is its argument. */
export type BoundPeer =
  | {
      readonly command: readonly [string, ...string[]];
      readonly env: Readonly<Record<string, string>>;
      readonly missing?: never;
    }
  | { readonly command?: never; readonly env?: never; readonly missing: string };

/** Builds the programs on sdk/go, once: Echo, or the one of its README. Rejects where `buildOnce` does. */
export async function goBound(program: "echo" | "kv" = "echo"): Promise<BoundPeer> {
  const built = await buildOnce({
    name: "bind-sdk-go",
    tools: [["go", "version"]],
    inputs: ["sdk/go", `${own}/go`, "test/conformance/go"],
    make: async (folder) => {
      const flags = ["-mod=readonly", "-trimpath", "-buildvcs=false"];
      const build = ["build", "-C", join(folder, own, "go"), ...flags];
      await runTool("go", [...build, "-o", join(folder, "echo"), "."], { GOWORK: "off" });
      await runTool("go", [...build, "-o", join(folder, "kv"), "./kv"], { GOWORK: "off" });
    },
  });
  return built.folder === undefined ? built : { command: [join(built.folder, program)], env: {} };
}

/** Generates the code of sdk/go from the .proto file once more, at its place in the folder. Rejects where `buildOnce` does. */
export function generatedGo(): Promise<Built> {
  const buf = join(root, "node_modules/@bufbuild/buf/bin/buf");
  const proto = "packages/core/proto";
  return buildOnce({
    name: "bind-sdk-go-generated",
    tools: [["go", "version"]],
    inputs: ["sdk/go", `${proto}/tenon/bind`],
    make: async (folder) => {
      const sdk = join(folder, "sdk/go");
      const template = ["--template", join(sdk, "buf.gen.yaml"), "--output", sdk];
      const generate = [process.execPath, buf, "generate", join(folder, proto), ...template];
      await runTool("sh", ["-c", 'cd "$0" && "$@"', sdk, ...generate]); // Where go finds the generator's module.
    },
  });
}

/** Generates what sdk/python needs, once, and finds a program on it: Echo, or the one of its README. Rejects where `buildOnce` does. */
export async function pythonBound(program: "echo" | "kv" = "echo"): Promise<BoundPeer> {
  const { python, missing } = await findGrpcPython();
  if (python === undefined) return { missing };
  const [sdk, programs, service] = ["sdk/python", `${own}/python`, "test/conformance/python"];
  const built = await buildOnce({
    name: "bind-sdk-python",
    tools: [[python, "-m", "grpc_tools.protoc", "--version"]],
    inputs: [sdk, programs, service, "packages/core/proto/tenon/bind", "examples/kv/proto"],
    make: async (folder) => {
      const from = ["packages/core/proto", "examples/kv/proto"].map((proto) => `-I${join(folder, proto)}`);
      const to = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
      await runTool(python, ["-m", "grpc_tools.protoc", ...from, ...to, "tenon/bind/v1/bind.proto", "kv.proto"]);
    },
  });
  if (built.folder === undefined) return built;
  const { folder } = built;
  const path = [sdk, service].map((name) => join(folder, name)).join(":");
  return {
    command: [python, "-B", join(folder, programs, `${program}_bound.py`)],
    env: { PYTHONPATH: `${folder}:${path}` },
  };
}
