import { type Contract, type ErrorCode, TenonError } from "@tenon/core";
import { isStartedByHost } from "./guard-output.js";
import { isTrialStart } from "./trial-start.js";

/**
 * Checks the magic cookie.
 *
 * @param command - how this program was started, for the advice to developers
 * @throws {@link TenonError} `cookie-misconfigured`; `not-started-by-host` when a person ran the plugin; `cookie-mismatch`
 *   when a host did that has another cookie
 */
export function checkCookie(
  contract: Contract,
  variables: Readonly<Record<string, string | undefined>>,
  command: readonly string[],
): void {
  const { name, cookie } = contract;
  if (!cookie.key || !cookie.value) {
    throw refusal("cookie-misconfigured", name, [
      `The contract "${name}" of this plugin has no usable magic cookie: its key and value must not be empty.`,
      "This is for the plugin's author to mend.",
    ]);
  }
  const found = variables[cookie.key];
  if (found === cookie.value || isTrialStart()) return;
  if (isStartedByHost(variables)) {
    const what = found === undefined ? "did not set" : "set another value than this plugin expects in";
    throw refusal("cookie-mismatch", name, [
      `The host ${what} the magic cookie ${cookie.key} of the contract "${name}".`,
      "Most often a host was given another application's plugin; else give both sides the same cookie.",
    ]);
  }
  throw refusal("not-started-by-host", name, [
    `This program is a plugin (contract "${name}"). It does its work for an application that starts it, not by itself.`,
    "",
    "To run it under a debugger, with a host that attaches to it:",
    "",
    `    ${[...command, "--tenon-test"].map(quote).join(" ")}`,
    "",
    "To look at it as a host would start it:",
    "",
    `    ${cookie.key}=${quote(cookie.value)} ${command.map(quote).join(" ")}`,
    "",
    "It then prints one line, which tells where it listens, and serves until SIGTERM. Ctrl-C does not end it,",
    "because a host's terminal sends Ctrl-C to its plugins too; where there is Ctrl-\\, that does.",
  ]);
}

function refusal(code: ErrorCode, plugin: string, lines: readonly string[]): TenonError {
  return new TenonError(code, lines.join("\n"), { plugin });
}

function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
