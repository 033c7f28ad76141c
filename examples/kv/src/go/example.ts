import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGo } from "./build.js";

const module = fileURLToPath(new URL("../../go", import.meta.url));
const packages = "github.com/hashicorp/go-plugin/examples/grpc";

/** Paths of go-plugin's own example programs, or the sentence that says why there are none. */
export type GoExample =
  | { readonly plugin: string; readonly host: string; readonly missing?: never }
  | { readonly plugin?: never; readonly host?: never; readonly missing: string };

/**
 * Builds go-plugin's own example, unchanged, from the module version that `go/go.mod` pins: the plugin, and the host,
 * which wants `KV_PROTO=grpc` and a shell command in `KV_PLUGIN`. See {@link buildGo} for when it rejects.
 */
export async function goExample(signal?: AbortSignal): Promise<GoExample> {
  const wanted = [packages, `${packages}/plugin-go-grpc`];
  const built = await buildGo({ module, packages: wanted, ...(signal && { signal }) });
  if (built.folder === undefined) return built;
  return { plugin: join(built.folder, "plugin-go-grpc"), host: join(built.folder, "grpc") };
}
