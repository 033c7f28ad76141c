import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { fastDescriptors } from "./fast-descriptors.js";

/** Bundles what generated code imports. */
async function bundle(plugins: Plugin[]): Promise<string> {
  const stdin = {
    contents: 'export { fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";',
    resolveDir: fileURLToPath(new URL(".", import.meta.url)),
  };
  const { outputFiles } = await build({ stdin, plugins, bundle: true, format: "esm", write: false, logLevel: "error" });
  return outputFiles[0]!.text;
}

test("leaves the schemas of descriptors out, for the installed version of protobuf-es", async () => {
  // A message of descriptor.proto that nothing but its schema names.
  const schemas = /GeneratedCodeInfo/;
  assert.match(await bundle([]), schemas);
  const text = await bundle([fastDescriptors()]);
  assert.doesNotMatch(text, schemas);
  assert.match(text, /readMessage\(/);
});
