import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCodes } from "@tenon/core";
import { listFiles, prose, read } from "./pages.js";

const page = "docs/troubleshooting.md";

/** `## code: message`, where `…` stands for what differs from one message to another. */
const headings = [...prose(page).matchAll(/^## `?([a-z-]+)`?(?:: (.*))?$/gm)].map(([, code = "", message = ""]) => ({
  code,
  message,
}));

/** All source code, with texts that are put together from several pieces joined. */
const sources = listFiles(".ts")
  .filter((file) => /^packages\/[^/]+\/src\//.test(file) && !file.endsWith(".test.ts"))
  .map((file) => read(file).replace(/["`]\s*\+\s*["`]/g, ""));

test("every error code has its heading, in the order of the table", () => {
  assert.deepEqual(
    headings.map(({ code }) => code),
    Object.keys(errorCodes),
  );
});

test("the message in each heading is one that the code writes", () => {
  for (const { code, message } of headings) {
    assert.notEqual(message, "", code);
    const fragments = message.split("…").filter((fragment) => fragment.trim().length > 1);
    assert.ok(fragments.length > 0, code);
    const isWritten = sources.some((source) => fragments.every((fragment) => source.includes(fragment)));
    assert.ok(isWritten, `${code}: no source file writes ${JSON.stringify(fragments)}`);
  }
});
