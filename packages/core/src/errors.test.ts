import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { errorCodes, isTenonError, TenonError } from "./errors.js";

test("carries code, plugin, facts and cause", () => {
  const cause = new Error("why");
  const facts = { exitCode: 3 };
  const error = new TenonError("plugin-exited", "It ended.", { plugin: "kv", facts, cause });
  facts.exitCode = 4;
  assert.equal(error.code, "plugin-exited");
  assert.equal(error.message, "It ended.");
  assert.equal(error.plugin, "kv");
  assert.deepEqual(error.facts, { exitCode: 3 });
  assert.ok(Object.isFrozen(error.facts));
  assert.equal(error.cause, cause);
  assert.equal(error.name, "TenonError");
  assert.equal(String(error), "TenonError: It ended.");
  assert.match(error.stack ?? "", /errors\.test/);
});

test("has defaults for everything but code and message", () => {
  const error = new TenonError("host-closed", "Closed.");
  assert.equal(error.plugin, undefined);
  assert.deepEqual(error.facts, {});
  assert.equal("cause" in error, false);
});

test("is printed with its facts and without its brand", () => {
  const text = inspect(new TenonError("host-closed", "Closed.", { facts: { a: 1 } }));
  assert.match(text, /code: 'host-closed'/);
  assert.match(text, /facts: \{ a: 1 \}/);
  assert.doesNotMatch(text, /tenon\.error/);
});

test("is known across copies of the package", async () => {
  const copy = (await import(new URL("./errors.js?copy", import.meta.url).href)) as { TenonError: typeof TenonError };
  assert.notEqual(copy.TenonError, TenonError);
  const foreign = new copy.TenonError("host-closed", "Closed.");
  assert.ok(foreign instanceof TenonError);
  assert.ok(foreign instanceof Error);
  assert.ok(isTenonError(foreign, "host-closed"));
});

test("tells its own from other values", () => {
  const error: unknown = new TenonError("host-closed", "Closed.");
  assert.ok(isTenonError(error));
  assert.ok(isTenonError(error, "host-closed"));
  assert.equal(isTenonError(error, "plugin-exited"), false);
  for (const other of [new Error("x"), undefined, null, "TenonError", 1, {}, { code: "host-closed" }, () => error]) {
    assert.equal(isTenonError(other), false);
    assert.equal(other instanceof TenonError, false);
  }
});

test("explains every code in whole sentences", () => {
  for (const [code, { meaning, nextStep }] of Object.entries(errorCodes)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.match(meaning, /^[A-Z].*\.$/, code);
    assert.match(nextStep, /^[A-Z].*\.$/, code);
  }
});
