import { checkReattach, isTenonError, parseReattach, type ReattachDescriptor, TenonError } from "@tenon/core";
import { hostProcess } from "../launch/host-process.js";
import { checkKeys, invalidOption } from "../options/check.js";

/**
 * How to reach an instance that runs already. Nothing else of a launch fits beside it: no command, environment or checksum.
 * go-plugin: `Reattach`.
 */
export interface AttachLaunch {
  /** From `session.reattach` of the host that started it, from {@link attachFromEnvironment}, or from `parseReattach`. */
  readonly attach: ReattachDescriptor;
}

/** Checks an attach. @throws TenonError `option-invalid`, `reattach-malformed` */
export function parseAttach(launch: AttachLaunch): ReattachDescriptor {
  try {
    checkKeys("launch", launch, ["attach"]);
    return checkReattach(launch.attach, "launch.attach");
  } catch (error) {
    if (!isTenonError(error, "option-invalid")) throw error;
    throw invalidOption(String(error.facts["option"]), "an attach stands alone: what runs already can be told nothing");
  }
}

/** Whether a launch is an attach. */
export function isAttach(launch: object): launch is AttachLaunch {
  return typeof launch === "object" && launch !== null && "attach" in launch;
}

/**
 * The launch that attaches to the plugin called `name` in an environment variable, in the form of `TF_REATTACH_PROVIDERS`; undefined
 * where the variable is absent or empty or does not have that plugin, so that `attachFromEnvironment(…) ?? { process: […] }` attaches
 * to a plugin under a debugger where a developer says so. The library reads no such variable by itself: which one, and whether at
 * all, is the application's choice.
 *
 * @param environment - default: the process's
 * @throws {@link TenonError} `reattach-malformed`, naming the variable
 */
export function attachFromEnvironment(
  variable: string,
  name: string,
  environment: Readonly<Record<string, string | undefined>> = hostProcess.environment(),
): AttachLaunch | undefined {
  const text = environment[variable];
  if (!text) return undefined;
  try {
    const descriptors = parseReattach(text);
    return Object.hasOwn(descriptors, name) ? { attach: descriptors[name]! } : undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TenonError("reattach-malformed", `The variable ${variable} cannot be used. ${why}`, { cause });
  }
}
