import { TenonError } from "@tenon/core";
import type { LaunchRequest } from "./launcher.js";

/**
 * The command of a launch, for a launcher that cannot do without one.
 *
 * @throws {@link TenonError} `option-invalid` where the launch has none
 */
export function commandOf({ command, plugin }: Pick<LaunchRequest, "command" | "plugin">): [string, ...string[]] {
  const [first, ...args] = command;
  if (first !== undefined) return [first, ...args];
  throw new TenonError("option-invalid", "its launcher needs a command: add process to the launch", {
    plugin,
    facts: { option: "launch.process" },
  });
}
