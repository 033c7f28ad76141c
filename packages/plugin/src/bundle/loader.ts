/** Names of the files beside a bundle's first one. */
export const scriptSuffix = ".script";
/** Suffix of the compiled form for one V8. */
export const cacheSuffix = (v8: string, arch: string) => `.${v8}-${arch}.cache`;

/**
 * The file that starts a bundle, CommonJS, since Node loads that faster: it has V8 load the script in its compiled form where there is one
 * for this V8, and else compile it.
 */
export function formatLoader(name: string): string {
  return `"use strict";
const { readFileSync } = require("node:fs");
const { Script, constants } = require("node:vm");
const start = \`\${__dirname}/${name}\`;
let cachedData;
try {
  cachedData = readFileSync(\`\${start}.\${process.versions.v8}-\${process.arch}.cache\`);
} catch {}
const filename = \`\${start}${scriptSuffix}\`;
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData, importModuleDynamically });
const exported = {};
const importMeta = { url: require("node:url").pathToFileURL(__filename).href, filename: __filename, dirname: __dirname };
const ended = script.runInThisContext()(exported, require, importMeta);
// Nobody waits for the module here: one that is started ends the process by what it throws, one that is imported must not.
const { thrown } = exported;
if (require.main !== module || thrown) ended.catch((error) => thrown || process.emitWarning(error));
if (thrown) throw thrown[0];
module.exports = exported.default;
`;
}
