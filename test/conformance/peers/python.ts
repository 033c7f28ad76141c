import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Built, buildOnce, runTool } from "./build-once.js";

/** Seen from test/dist/conformance/peers. */
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const folderOfPlugin = "examples/kv/python";

/** A Python that has the packages of the key-value plugin, or the sentence that says why there is none. */
export type FoundPython =
  | { readonly python: string; readonly missing?: never }
  | { readonly python?: never; readonly missing: string };

/** Path of a program in test/conformance/python. */
export function pythonProgram(name: string): string {
  return join(root, "test", "conformance", "python", name);
}

/** Makes, once, a virtual environment with the packages of the plugin. Rejects where {@link buildOnce} does. */
export async function findGrpcPython(): Promise<FoundPython> {
  const requirements = join(folderOfPlugin, "requirements.txt");
  const built = await buildOnce({
    name: "python-packages",
    tools: [["python3", "--version"]],
    inputs: [requirements],
    make: async (folder) => {
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:", "-r"];
      await runTool("python3", ["-m", "venv", folder]);
      await runTool(join(folder, "bin", "python"), [...pip, join(root, requirements)]);
    },
  });
  return built.folder === undefined ? built : { python: pythonIn(built) };
}

/** A virtual environment can be renamed as long as nothing but its `python` is run. */
function pythonIn({ folder }: Extract<Built, { folder: string }>): string {
  return join(folder, "bin", "python");
}

/** The command that runs the key-value plugin of examples/kv/python, and where it finds its generated code. */
export type PythonPlugin =
  | { readonly command: readonly [string, string]; readonly env: { PYTHONPATH: string }; readonly missing?: never }
  | { readonly command?: never; readonly env?: never; readonly missing: string };

/** Generates code for the plugin from its .proto files, once. Rejects where {@link buildOnce} does. */
export async function pythonPlugin(): Promise<PythonPlugin> {
  const { python, missing } = await findGrpcPython();
  if (python === undefined) return { missing };
  const [kv, core] = ["examples/kv/proto", "packages/core/proto"];
  const built = await buildOnce({
    name: "python-plugin",
    tools: [[python, "-m", "grpc_tools.protoc", "--version"]],
    inputs: [kv, core],
    make: async (folder) => {
      const from = [`-I${join(folder, kv)}`, `-I${join(folder, core)}`];
      const to = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
      await runTool(python, ["-m", "grpc_tools.protoc", ...from, ...to, "kv.proto", "plugin/controller.proto"]);
    },
  });
  if (built.folder === undefined) return built;
  return { command: [python, join(root, folderOfPlugin, "kv_plugin.py")], env: { PYTHONPATH: built.folder } };
}
