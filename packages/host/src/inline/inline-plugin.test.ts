import assert from "node:assert/strict";
import { test } from "node:test";
import { defineContract, Health } from "@tenon/core";
import { checkPlugin, findPlugin } from "./inline-plugin.js";

const contract = defineContract({
  name: "inside",
  cookie: { key: "INSIDE", value: "1" },
  versions: { 1: { health: Health } },
});
const plugin = { contract, versions: { 1: [{ name: "health", service: Health, implementation: {} }] } };
const dispose = () => {};

const exports: Readonly<Record<string, [exports: unknown, hasDispose: boolean]>> = {
  "an ES module": [{ default: plugin }, false],
  "an ES module with dispose": [{ default: plugin, dispose }, true],
  CommonJS: [{ default: plugin, "module.exports": plugin }, false],
  "compiled CommonJS, imported": [{ default: { __esModule: true, default: plugin, dispose } }, true],
  "compiled CommonJS, required": [{ __esModule: true, default: plugin, dispose }, true],
  "CommonJS, required": [plugin, false],
};

for (const [what, [module, hasDispose]] of Object.entries(exports)) {
  test(`finds the plugin of ${what} [INL-10]`, () => {
    const found = findPlugin(module, "plugin.js");
    assert.equal(found.plugin, plugin);
    assert.equal(found.dispose, hasDispose ? dispose : undefined);
  });
}

const broken: Readonly<Record<string, [value: unknown, message: RegExp]>> = {
  nothing: [undefined, /implement\(\)/],
  "a text": ["plugin", /implement\(\)/],
  "no versions": [{ contract }, /implement\(\)/],
  "no cookie": [{ ...plugin, contract: { name: "x" } }, /without name or cookie/],
  "an empty plugin": [{ contract, versions: {} }, /no version/],
  "a version without services": [{ contract, versions: { 1: [] } }, /version 1/],
  "a service without implementation": [{ contract, versions: { 1: [{ service: Health }] } }, /version 1/],
  "a service without descriptor": [{ contract, versions: { 1: [{ service: {}, implementation: {} }] } }, /version 1/],
};

for (const [what, [value, message]] of Object.entries(broken)) {
  test(`refuses ${what} as a plugin [INL-12]`, () => {
    assert.throws(() => checkPlugin(value, "plugin.js"), { code: "plugin-invalid", message });
    assert.throws(() => findPlugin({ default: value }, "plugin.js"), { code: "plugin-invalid" });
  });
}
