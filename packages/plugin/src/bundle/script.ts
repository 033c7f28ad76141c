import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { OutputFile, Plugin } from "esbuild";

const builtins = "tenon-builtin";
const chunks = "tenon-chunk";

/**
 * A plugin for esbuild: takes the files that a first build gave from memory, and turns imports of modules of Node, and of packages that
 * were left out, into calls of `require`. What is then built has no imports but late ones.
 */
export function fromMemory(files: readonly OutputFile[], nameOf: (path: string) => string): Plugin {
  const texts = new Map(files.map((each) => [nameOf(each.path), each.text]));
  return {
    name: "tenon-from-memory",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path, kind, namespace }) => {
        if (namespace === builtins) return { path, external: true };
        const name = posix.normalize(path);
        if (texts.has(name)) return { path: name, namespace: chunks, sideEffects: true };
        // A package of ES modules can still be left out where it is imported late.
        if (kind === "dynamic-import" && !isBuiltin(path)) return { path, external: true };
        return { path, namespace: builtins, sideEffects: !isBuiltin(path) };
      });
      build.onLoad({ filter: /.*/, namespace: chunks }, ({ path }) => ({ contents: texts.get(path)!, loader: "js" }));
      build.onLoad({ filter: /.*/, namespace: builtins }, ({ path }) => ({
        contents: `module.exports = require(${JSON.stringify(path)});`,
        loader: "js",
      }));
    },
  };
}

const exportClause = /\bexport\s*\{([^{}]*)\};?\s*$/;

/**
 * Makes an expression of a module without imports: a function of what a script has and a module lacks. What it returns settles with
 * the module. As soon as the module has reached its first `await`, its default export is in `exports.default`; what it threw before is
 * in `exports.thrown`, in an array.
 */
export function formatScript(module: string): string {
  const clause = exportClause.exec(module);
  const exported = /(?:^|,)\s*([\w$]+)\s+as\s+default\s*(?:,|$)/.exec(clause?.[1] ?? "")?.[1];
  const body = clause === null ? module : module.slice(0, clause.index);
  const getter =
    exported === undefined ? "" : `Object.defineProperty(exports,"default",{enumerable:true,get:()=>${exported}});`;
  return `(async function(exports,require,importMeta){"use strict";try{${getter}${body}\n}catch(error){exports.thrown=[error];throw error}})`;
}
