import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Names that an entry file exports, in lists or, where the entry is a file that does something, where they are declared. */
export function exportsOf(entry: string): string[] {
  const source = readFileSync(new URL(`../../../packages/${entry}`, import.meta.url), "utf8");
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*/g, "");
  const lists = code.matchAll(/export (type )?\{([^}]*)\}/g);
  const declared = [...code.matchAll(/export (?:(interface|type)|class|const|(?:async )?function) (\w+)/g)];
  const other = /export (?!(?:type )?\{|(?:interface|type|class|const|(?:async )?function) \w)/;
  assert.doesNotMatch(code, other, `${entry} exports what has no name`);
  return [...lists]
    .flatMap(([, type, names]) =>
      names!
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
        .map((name) => {
          const marked = type !== undefined || name.startsWith("type ");
          const shown = name.replace(/^type /, "").replace(/^.* as /, "");
          return marked ? `type ${shown}` : shown;
        }),
    )
    .concat(declared.map(([, type, name]) => (type === undefined ? name! : `type ${name!}`)))
    .sort((a, b) => (a < b ? -1 : 1));
}
