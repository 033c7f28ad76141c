import { accessSync, constants, type Stats, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { TenonError } from "@tenon/core";

/** Where to look for a command. */
export interface CommandSearch {
  readonly command: string;
  /** Absolute working directory of the plugin. */
  readonly cwd: string;
  /** List of directories for a bare name. */
  readonly path: string;
}

type Verdict = "runnable" | "missing" | "directory" | "special" | "not-executable" | "unreachable";

/**
 * Finds the file that a command names, the way the system would, so that each reason for not finding it has its own error.
 * Synchronous: three trips to the thread pool take half a millisecond of a start, the calls themselves a tenth of that.
 *
 * @throws {@link TenonError} `executable-not-found`, also for a missing working directory; `executable-not-runnable` for a
 *   directory, a special file, a file without execute permission or on a mount that forbids running
 */
export function resolveCommand(search: CommandSearch): string {
  const { command, cwd, path } = search;
  checkDirectory(cwd);
  if (command.includes("/")) {
    const file = isAbsolute(command) ? command : resolve(cwd, command);
    const verdict = inspect(file);
    if (verdict === "runnable") return file;
    throw refusal(
      verdict,
      file,
      verdict === "missing" && file !== command ? ` (from the working directory ${cwd})` : "",
    );
  }

  const directories = path.split(delimiter).map((directory) => resolve(cwd, directory === "" ? "." : directory));
  let rejected: { readonly verdict: Exclude<Verdict, "runnable">; readonly file: string } | undefined;
  for (const directory of directories) {
    const file = join(directory, command);
    const verdict = inspect(file);
    if (verdict === "runnable") return file;
    if (verdict !== "missing") rejected ??= { verdict, file };
  }
  if (rejected !== undefined) throw refusal(rejected.verdict, rejected.file, "");
  throw new TenonError(
    "executable-not-found",
    `no ${JSON.stringify(command)} in any of the ${directories.length} directories of PATH`,
    { facts: { command, path } },
  );
}

function checkDirectory(cwd: string): void {
  const found = lookAt(cwd);
  if (found?.isDirectory()) return;
  const problem = found === undefined ? "does not exist" : "is no directory";
  throw new TenonError("executable-not-found", `the working directory ${cwd} ${problem}`, { facts: { cwd } });
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function inspect(file: string): Verdict {
  try {
    const found = statSync(file);
    if (found.isDirectory()) return "directory";
    if (!found.isFile()) return "special";
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === "EACCES" || code === "ELOOP" ? "unreachable" : "missing";
  }
  try {
    accessSync(file, constants.X_OK);
    return "runnable";
  } catch {
    return "not-executable";
  }
}

const refusals: Readonly<Record<Exclude<Verdict, "runnable">, (file: string) => string>> = {
  missing: (file) => `${file} does not exist`,
  directory: (file) => `${file} is a directory`,
  special: (file) => `${file} is no regular file`,
  unreachable: (file) => `a directory on the way to ${file} may not be entered`,
  "not-executable": (file) => `${file} may not be executed`,
};

function refusal(verdict: Exclude<Verdict, "runnable">, file: string, detail: string): TenonError {
  const code = verdict === "missing" ? "executable-not-found" : "executable-not-runnable";
  return new TenonError(code, refusals[verdict](file) + detail, { facts: { file } });
}
