import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as fc from "fast-check";
import type { LogPart } from "./record.js";
import { createTraceJoiner } from "./trace-joiner.js";

interface Emitted {
  readonly text: string;
  readonly isTrace: boolean;
  readonly part: LogPart | undefined;
}

function join(t: TestContext, lines: readonly string[], maxLength = 65_536): Emitted[] {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const emitted: Emitted[] = [];
  const joiner = createTraceJoiner({
    idleMs: 100,
    maxLength,
    emit: (text, isTrace, part) => emitted.push({ text, isTrace, part }),
  });
  for (const line of lines) joiner.push(line);
  t.mock.timers.tick(100);
  t.mock.timers.reset();
  return emitted;
}

const traces: Record<string, string> = {
  "a Go panic [LOG-07]":
    "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:7 +0x1d\n\ngoroutine 5 [select]:\nmain.run()",
  "a fatal error of the Go runtime [LOG-07]":
    "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\nexit status 2",
  "a stack trace [LOG-08]":
    "TypeError: x is not a function\n    at inner (/app/a.js:3:9)\n    at outer (/app/a.js:8:3)",
  "a stack trace with a code, a message of two lines, properties and a cause [LOG-08]":
    "Error [ERR_X]: first\nsecond\n    at f (/a.js:1:1) {\n  code: 'ERR_X',\n  [cause]: Error: why\n      at g (/b.js:2:2)\n}",
  "an error that is logged with words before it [LOG-08]": "could not save: Error: disk full\n    at f (/a.js:1:1)",
  "an uncaught error of Node [LOG-08]":
    "/app/a.js:3\nthrow new Error('x');\n^\n\nError: x\n    at Object.<anonymous> (/app/a.js:3:7)\n\nNode.js v20.20.2",
  "an unhandled rejection of Node [LOG-08]":
    "node:internal/process/promises:288\n            triggerUncaughtException(err, true);\n            ^\n\nTypeError: y\n    at f (file:///a.mjs:1:1)\n\nNode.js v20.20.2",
  "a Python traceback [LOG-08]":
    'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>\nKeyError: 1',
  "a Rust panic [LOG-08]":
    "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds\nnote: run with `RUST_BACKTRACE=1`",
  "a Java exception [LOG-08]":
    'Exception in thread "main" java.lang.IllegalStateException: x\n\tat A.b(A.java:1)\nCaused by: java.lang.Error\n\t... 1 more',
};

for (const [title, text] of Object.entries(traces)) {
  test(`${title} is one record`, (t) => {
    assert.deepEqual(join(t, text.split("\n")), [{ text, isTrace: true, part: undefined }]);
  });
}

test("lines before and after a trace stay alone [LOG-08]", (t) => {
  const lines = ["before", "Error: x", "    at f (/a.js:1:1)", "after"];
  assert.deepEqual(
    join(t, lines).map(({ text }) => text),
    ["before", "Error: x\n    at f (/a.js:1:1)", "after"],
  );
});

test("what only looked like a trace comes out line by line, in order", (t) => {
  const lines = ["Error: cannot connect", "trying again", "/var/log/x:1", "ready", "connected", "/tmp/y:2"];
  const emitted = join(t, lines);
  assert.deepEqual(
    emitted.map(({ text }) => text),
    lines,
  );
  assert.ok(emitted.every(({ isTrace }) => !isTrace));
});

test("a trace that never ends comes in pieces, none of it lost [LOG-09]", (t) => {
  const lines = ["panic: x", ...Array.from({ length: 100 }, (_, i) => `frame ${i}`)];
  const emitted = join(t, lines, 200);
  assert.equal(emitted.map(({ text }) => text).join("\n"), lines.join("\n"));
  assert.ok(emitted.every(({ text }) => text.length <= 200));
  assert.deepEqual(emitted.at(-1)?.part, { index: emitted.length - 1, last: true });
});

test("no sequence of lines is lost or put in another order", (t) => {
  const line = fc.oneof(
    fc.constantFrom(
      "Error: x",
      "    at f",
      "panic: y",
      "Traceback (most recent call last):",
      "/a:1",
      "^",
      "Node.js v20",
    ),
    fc.string({ minLength: 1 }).map((text) => `${text.replace(/[\r\n]/g, "")}.`),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      assert.equal(
        join(t, lines)
          .map(({ text }) => text)
          .join("\n"),
        lines.join("\n"),
      );
    }),
  );
});
