import type { Plugin } from "../implement.js";
import { type PieProviderOptions, servicesOf, streamingMethods } from "../pie/options.js";
import { servePieProvider } from "../pie/provider.js";
import { type PieProcessOptions, takePieProcess } from "./pie-process.js";

/** Options of {@link runPieProvider}. */
export interface RunPieProviderOptions extends PieProviderOptions, PieProcessOptions {}

/**
 * Makes this process a pie provider, if it was started with the file that calls this; otherwise it does nothing. It serves the plugin by
 * JSON-RPC on standard input and output, after everything that its code prints was sent to standard error, and ends the process with
 * exit code 0 at the end of standard input, on SIGINT and on SIGTERM, when what is in flight has been answered. It does not return
 * then. There is no cookie and no handshake. pie: `NewProvider`.
 *
 * @throws {@link TenonError} `option-invalid`, in every process
 */
export async function runPieProvider(
  plugin: Plugin,
  meta: ImportMeta,
  options: RunPieProviderOptions = {},
): Promise<void> {
  const { logger: _, main: __, drainTimeoutMs: ___, ...serveOptions } = options;
  const services = servicesOf(plugin, options.version);
  const taken = takePieProcess(plugin.contract.name, meta, options);
  if (taken === undefined) return;
  const { logger, drainTimeoutMs } = taken;
  const streams = streamingMethods(services);
  if (streams.length > 0) {
    logger.warn(`JSON-RPC has no streams: ${streams.join(", ")} cannot be called`, { methods: streams });
  }
  const server = servePieProvider(plugin, taken.stream, serveOptions);
  const close = (why: string): void => {
    logger.debug(`plugin ends: ${why}`);
    void server.close({ graceMs: drainTimeoutMs });
  };
  taken.onSignal(close);
  void server.peerEnded.then(() => close("the host ended standard input"));
  const reason = await server.closed;
  if (reason.kind === "error") taken.fail(reason.cause);
  await taken.exit(0);
}
