import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { TenonError } from "@tenon/core";
import { importShared, isShared, requireShared } from "./shared-modules.js";

test("knows what a reloadable plugin shares with its host [INL-18]", () => {
  const shared = [
    "node:fs",
    "fs",
    "fs/promises",
    "@bufbuild/protobuf",
    "@bufbuild/protobuf/wkt",
    "@connectrpc/connect",
  ];
  for (const specifier of [...shared, "@tenon/plugin", "@tenon/wire/broker"]) assert.ok(isShared(specifier), specifier);
  for (const specifier of [
    "lodash",
    "./fs",
    "/fs",
    "@tenon/store",
    "@tenon/plugins",
    "@bufbuild/protobuf-x",
    "tenon",
  ]) {
    assert.ok(!isShared(specifier), specifier);
  }
});

test("takes the host's copy, and looks elsewhere only for what the host does not have [INL-18]", async () => {
  const nowhere = () => Promise.reject(new Error("asked elsewhere"));
  const core = (await importShared("@tenon/core", nowhere)) as { TenonError: unknown };
  assert.equal(core.TenonError, TenonError);
  await assert.rejects(importShared("@tenon/none", nowhere), /asked elsewhere/);
  const here = createRequire(import.meta.url);
  assert.equal((requireShared("@tenon/core", here) as { TenonError: unknown }).TenonError, TenonError);
  assert.throws(() => requireShared("@tenon/none", here), { code: "MODULE_NOT_FOUND" });
});
