import { basename } from "node:path";
import { isTenonError } from "@tenon/core";
import { dialPieHost, type PieHost, type PieHostOptions } from "../pie/host.js";
import { type PieProcessOptions, takePieProcess } from "./pie-process.js";

/** Options of {@link runPieConsumer}. */
export interface RunPieConsumerOptions extends PieHostOptions, PieProcessOptions {
  /** Name of the plugin, in its log. Default: that of the file. */
  readonly name?: string;
}

/**
 * Makes this process a pie consumer, if it was started with the file that calls this; otherwise it does nothing. `work` gets the host,
 * whose services it calls by JSON-RPC on standard output and input, after everything that the plugin's code prints was sent to standard error. The
 * process ends with exit code 0 when `work` has ended, and when the host is gone or asks for the end (SIGINT, SIGTERM), which `host.signal`
 * tells `work`; with exit code 1 when `work` fails. It does not return then. pie: `NewConsumerCodec`.
 *
 * @throws {@link TenonError} `option-invalid`, in every process
 */
export async function runPieConsumer(
  meta: ImportMeta,
  work: (host: PieHost) => Promise<void> | void,
  options: RunPieConsumerOptions = {},
): Promise<void> {
  const {
    logger: _,
    main: __,
    drainTimeoutMs: ___,
    name = basename(process.argv[1] ?? "plugin"),
    ...hostOptions
  } = options;
  const taken = takePieProcess(name, meta, options);
  if (taken === undefined) return;
  const { logger, drainTimeoutMs } = taken;
  const host = dialPieHost(taken.stream, hostOptions);
  taken.onSignal((why) => {
    logger.debug(`plugin ends: ${why}`);
    host.destroy(new Error(why));
  });
  const late = new Promise<void>((resolve) => {
    host.signal.addEventListener("abort", () => setTimeout(resolve, drainTimeoutMs), { once: true });
  });
  try {
    await Promise.race([Promise.resolve(host).then(work), late]);
    await host.close();
  } catch (error) {
    // Without its host a plugin can do nothing else than fail.
    if (!host.signal.aborted || isTenonError(host.signal.reason)) taken.fail(error);
    logger.debug(`plugin ends: the host is gone (${String(error)})`);
  }
  await taken.exit(0);
}
