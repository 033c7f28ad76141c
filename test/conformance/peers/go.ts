import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";

/** Paths of the programs in test/conformance/go, or the sentence that says why there are none. */
export type GoPeers =
  | { readonly plugin: string; readonly host: string; readonly missing?: never }
  | { readonly plugin?: never; readonly host?: never; readonly missing: string };

/** Builds, once, the host and the plugin that are made with go-plugin itself. Rejects where `buildGo` does. */
export async function goPeers(): Promise<GoPeers> {
  // Seen from test/dist/conformance/peers.
  const module = fileURLToPath(new URL("../../../conformance/go", import.meta.url));
  const built = await buildGo({ module, packages: ["./echo-plugin", "./echo-host"] });
  if (built.folder === undefined) return built;
  return { plugin: join(built.folder, "echo-plugin"), host: join(built.folder, "echo-host") };
}

/** Path of the key-value plugin of examples/kv/go, or the sentence that says why there is none. */
export type GoPlugin =
  | { readonly program: string; readonly missing?: never }
  | { readonly program?: never; readonly missing: string };

/** Builds, once, the key-value plugin of examples/kv/go. Rejects where `buildGo` does. */
export async function goPlugin(): Promise<GoPlugin> {
  const module = fileURLToPath(new URL("../../../../examples/kv/go", import.meta.url));
  const built = await buildGo({ module, packages: ["."] });
  return built.folder === undefined ? built : { program: join(built.folder, "kv") };
}
