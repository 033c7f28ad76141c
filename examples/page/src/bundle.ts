import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** What the code of this example imports from Node: streams from a package, the rest from a file that has as much of it as a page needs. */
const nodeInAPage: Plugin = {
  name: "node-in-a-page",
  setup(bundle) {
    bundle.onResolve({ filter: /^node:stream$/ }, ({ importer, kind }) =>
      bundle.resolve("readable-stream", { importer, resolveDir: here("."), kind }),
    );
    bundle.onResolve({ filter: /^node:/ }, () => ({ path: "node", namespace: "node-in-a-page" }));
    // As CommonJS: a name that is not there is no error then, where nothing in a page comes to use it.
    bundle.onLoad({ filter: /.*/, namespace: "node-in-a-page" }, () => ({
      contents: `module.exports = require("./node-in-a-page.js")`,
      resolveDir: here("."),
    }));
  },
};

/** The script of the page. */
export async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here("page.js")],
    bundle: true,
    minify: true,
    write: false,
    platform: "browser",
    format: "esm",
    plugins: [nodeInAPage],
    inject: [here("node-globals.js")],
    logLevel: "error",
  });
  return outputFiles[0]!.text;
}
