import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { type Built, buildOnce, cache, runTool } from "./build-once.js";

/** Builds a crate into a folder that holds its program. All crates share what their dependencies were compiled to. */
function buildCrate(name: string, crate: string, program: string, inputs: readonly string[] = []): Promise<Built> {
  return buildOnce({
    name,
    tools: [["cargo", "--version"]],
    inputs: [crate, ...inputs],
    make: async (folder) => {
      const target = join(cache, "cargo-target");
      const manifest = join(folder, crate, "Cargo.toml");
      await runTool("cargo", ["build", "--locked", "--quiet", "--manifest-path", manifest], {
        CARGO_TARGET_DIR: target,
        CARGO_INCREMENTAL: "0",
        CARGO_NET_RETRY: "5",
      });
      await copyFile(join(target, "debug", program), join(folder, program));
    },
  });
}

/** Path of a program, or the sentence that says why there is none. */
export type RustProgram =
  | { readonly program: string; readonly missing?: never }
  | { readonly program?: never; readonly missing: string };

/** The key-value plugin of examples/kv/rust. Rejects where {@link buildOnce} does. */
export async function rustPlugin(): Promise<RustProgram> {
  const protos = ["examples/kv/proto", "packages/core/proto"];
  const built = await buildCrate("rust-plugin", "examples/kv/rust", "kv-plugin", protos);
  return built.folder === undefined ? built : { program: join(built.folder, "kv-plugin") };
}

/** The Echo service and client on tonic. Rejects where {@link buildOnce} does. */
export async function tonicPeer(): Promise<RustProgram> {
  const built = await buildCrate("tonic-peer", "test/conformance/rust", "echo-peer");
  return built.folder === undefined ? built : { program: join(built.folder, "echo-peer") };
}
