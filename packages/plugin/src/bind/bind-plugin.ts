import type { Plugin } from "../implement.js";
import { createLogger } from "../log/logger.js";
import { startBinding } from "./binding.js";
import type { BoundPluginHandle } from "./handle.js";
import { offerPlugin } from "./offer.js";
import { type BindOptions, readDialInOptions } from "./options.js";

/**
 * Dials in to a host and offers it a plugin, the same that {@link runPlugin} would serve. Resolves when the host has welcomed it, however
 * long that takes: a host that is not there yet, and a refusal that may pass, are tried again for ever. From then on a link that is lost
 * is made anew, with the same instance id and a higher epoch; calls in flight on the lost one are aborted. It touches nothing global.
 *
 * @throws {@link TenonError} `option-invalid`; `token-unreadable`; `bind-rejected`, whose facts `code`, `reason` and `field` are the
 *   host's; whatever `signal` was aborted with
 */
export async function bindPlugin(plugin: Plugin, options: BindOptions): Promise<BoundPluginHandle> {
  const settings = readDialInOptions(options, plugin.contract.name);
  const logger = options.logger ?? createLogger({ name: plugin.contract.name });
  const offer = offerPlugin(plugin, options, logger);
  return startBinding({ options, settings, logger, prepare: () => offer });
}
