import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { createHost, type InlineLaunch } from "@tenon/host";
import { echo } from "../../fixtures/contracts.js";
import { pluginFolder, preamble, textOf } from "./plugin-folder.js";

/** A library with a state of its own, as ESM and as CommonJS. */
const library = (version: number) => ({
  "package.json": JSON.stringify({
    name: "library",
    version: `${version}.0.0`,
    exports: { import: "./index.mjs", require: "./index.cjs" },
  }),
  "index.mjs": `export const version = ${version}; let calls = 0; export const count = () => ++calls;`,
  "index.cjs": `exports.version = ${version}; let calls = 0; exports.count = () => ++calls;`,
});

const esm = `${preamble}
import { version, count } from "library";
export default make({ unary: () => text(version + ":" + count()) });`;

/** What a compiler makes of an ES module: the default export is a member of module.exports. */
const cjs = `
"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const { version, count } = require("library");
exports.default = require("./made.cjs").make({ unary: () => require("./made.cjs").text(version + ":" + count()) });`;

/** CommonJS by hand: module.exports is the plugin. */
const plainCjs = cjs.replace(/Object\.defineProperty.*\n/, "").replace("exports.default =", "module.exports =");

const made = preamble
  .replace(/import \{(.*)\} from (.*);/g, "const {$1} = require($2);")
  .concat("module.exports = { make, text };");

function inFolder(name: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [`${name}/${file}`, content]));
}

for (const reload of [false, true]) {
  test(`plugins with conflicting versions of a library live side by side, reload: ${reload} [INL-15]`, async (t) => {
    const { folder, file } = pluginFolder(t, {
      ...inFolder("node_modules/library", library(1)),
      ...inFolder("esm-2/node_modules/library", library(2)),
      "esm-2/plugin.mjs": esm,
      ...inFolder("esm-3/node_modules/library", library(3)),
      "esm-3/plugin.mjs": esm,
      ...inFolder("cjs-4/node_modules/library", library(4)),
      "cjs-4/plugin.js": cjs,
      "cjs-4/made.cjs": made,
      "cjs-4/package.json": `{ "type": "commonjs" }`,
      ...inFolder("cjs-5/node_modules/library", library(5)),
      "cjs-5/plugin.js": plainCjs,
      "cjs-5/made.cjs": made,
      "cjs-5/package.json": `{ "type": "commonjs" }`,
    });
    // The host's own copies, used before and after.
    const own = (await import(pathToFileURL(file("node_modules/library/index.mjs")).href)) as Library;
    const required = createRequire(file("host.cjs"))("library") as Library;
    assert.deepEqual([own.version, own.count(), required.version, required.count()], [1, 1, 1, 1]);

    await using host = createHost();
    const answers: string[] = [];
    for (const name of ["esm-2/plugin.mjs", "esm-3/plugin.mjs", "cjs-4/plugin.js", "cjs-5/plugin.js"]) {
      const launch: InlineLaunch = { inline: `./${name}`, cwd: folder, reload };
      const client = (await host.start(echo, launch)).client("echo");
      await client.unary({});
      answers.push(textOf(await client.unary({})));
    }
    assert.deepEqual(answers, ["2:2", "3:2", "4:2", "5:2"]);
    assert.deepEqual([own.version, own.count(), required.version, required.count()], [1, 2, 1, 2]);
  });
}

interface Library {
  readonly version: number;
  count(): number;
}
