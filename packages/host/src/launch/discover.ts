import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TenonError } from "@tenon/core";
import { describe, invalidOption } from "../options/check.js";
import { hostProcess } from "./host-process.js";

/**
 * Finds files by pattern: the absolute paths of the entries of one directory whose names match, sorted by their bytes. In the pattern `*` stands
 * for any text, `?` for one character, `[a-z]` and `[^a-z]` for one of a set, and a backslash takes the next character as it is. A
 * leading dot must be matched by `*` too, as in Go. Whether an entry can be run is found out when it is started. go-plugin: `Discover`.
 *
 * @param directory - relative to the working directory of the host
 * @throws {@link TenonError} `option-invalid` for a pattern that is malformed or holds a slash; `executable-not-found` where the directory cannot
 *   be read
 */
export async function discover(pattern: string, directory: string): Promise<string[]> {
  if (typeof pattern !== "string" || pattern === "" || pattern.includes("/")) {
    throw invalidOption("pattern", `it must be the pattern of a name, without a slash, not ${describe(pattern)}`);
  }
  if (typeof directory !== "string" || directory === "") {
    throw invalidOption("directory", `it must be a path, not ${describe(directory)}`);
  }
  const wanted = compile(pattern);
  const place = resolve(hostProcess.cwd(), directory);
  let names: string[];
  try {
    names = await readdir(place);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TenonError("executable-not-found", `The directory ${place} cannot be read (${code ?? String(cause)}).`, {
      cause,
      facts: { directory: place },
    });
  }
  return names
    .filter((name) => wanted.test(name))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(place, name));
}

/** Turns a pattern into a regular expression, piece by piece. */
function compile(pattern: string): RegExp {
  const pieces = pattern.matchAll(/\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([*?])|([^\\[])/gsu);
  let source = "";
  let length = 0;
  for (const [piece, escaped, not, set, wild, plain] of pieces) {
    length += piece.length;
    if (wild !== undefined) source += wild === "*" ? "[^]*" : "[^]";
    else if (set !== undefined)
      source += `[${not}${set.replace(/\\(.)|([\][^&~|!#$%*+,.:;<=>?@`{}()/])/gsu, (_, kept, other) => literal(kept ?? other))}]`;
    else source += literal(escaped ?? plain ?? "");
  }
  try {
    if (length === pattern.length) return new RegExp(`^${source}$`, "u");
  } catch {
    // A set whose ends are the wrong way round.
  }
  throw invalidOption("pattern", `${describe(pattern)} is malformed`);
}

function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
