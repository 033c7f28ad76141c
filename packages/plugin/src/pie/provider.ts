import type { Duplex } from "node:stream";
import { type JsonRpcServer, serveJsonRpc } from "@tenon/wire/json-rpc";
import type { Plugin } from "../implement.js";
import { type PieProviderOptions, servicesOf } from "./options.js";

/**
 * Serves a plugin by JSON-RPC on a connected byte stream, and touches nothing else. `runPieProvider` is this on the standard streams
 * of a process. Methods with streams answer UNIMPLEMENTED. pie: `NewProvider` and `ServeCodec`.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function servePieProvider(plugin: Plugin, stream: Duplex, options: PieProviderOptions = {}): JsonRpcServer {
  const { version, ...rest } = options;
  return serveJsonRpc(stream, servicesOf(plugin, version), rest);
}
