import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { generatedGo } from "./peers.js";

/** Seen from test/dist/conformance/bind-sdk. */
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const generated = await generatedGo();

void test("the Go code is what the protocol gives [SDK-06]", { skip: generated.missing ?? false }, () => {
  const file = "sdk/go/gen/bind.pb.go";
  const fresh = readFileSync(join(generated.folder!, file), "utf8");
  assert.ok(
    fresh === readFileSync(join(root, file), "utf8"),
    `${file} is older than its .proto; sdk/go/buf.gen.yaml says what to run`,
  );
});
