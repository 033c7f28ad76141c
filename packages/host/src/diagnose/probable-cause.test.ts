import assert from "node:assert/strict";
import { test } from "node:test";
import { type Evidence, findProbableCause, isCookieRefusal } from "./probable-cause.js";

const nothing: Evidence = {
  code: "exited-before-handshake",
  exitCode: 1,
  signal: null,
  stderrTail: [],
  stdoutHead: "",
  cookieKey: "KV_PLUGIN",
};

const rows: [title: string, evidence: Partial<Evidence>, sentence: RegExp | undefined][] = [
  ["a Node module", { stderrTail: ["Error: Cannot find module '/a/b.js'", "Node.js v20"] }, /the module \/a\/b.js/],
  [
    "a Node package",
    { stderrTail: ["Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'x' imported from /a"] },
    /module x/,
  ],
  [
    "a Python module",
    { stderrTail: ["ModuleNotFoundError: No module named 'grpc'"] },
    /Python did not find the module grpc/,
  ],
  [
    "a shared library",
    { exitCode: 127, stderrTail: ["./p: error while loading shared libraries: libz.so.1: cannot open"] },
    /library libz.so.1 is missing/,
  ],
  ["a newer C library", { stderrTail: ["./p: /lib/libc.so.6: version `GLIBC_2.39' not found"] }, /GLIBC_2.39/],
  ["a port in use", { stderrTail: ["Error: listen EADDRINUSE: address already in use"] }, /in use/],
  ["a shell's missing command", { exitCode: 127, stderrTail: ["sh: 1: nosuch: not found"] }, /the command nosuch/],
  [
    "bash's missing command",
    { exitCode: 127, stderrTail: ["bash: line 1: nosuch: command not found"] },
    /the command nosuch/,
  ],
  ["exit code 127 alone", { exitCode: 127 }, /not found/],
  ["exit code 126 alone", { exitCode: 126 }, /could not be run/],
  ["exit code 0", { exitCode: 0 }, /without serving/],
  ["a Go panic", { exitCode: 2, stderrTail: ["panic: boom", "", "goroutine 1 [running]:"] }, /crashed: panic: boom/],
  ["an uncaught error", { stderrTail: ["TypeError: x is not a function", "    at f"] }, /failed: TypeError: x is not/],
  ["a segmentation fault", { exitCode: null, signal: "SIGSEGV" }, /native code/],
  ["a segmentation fault in a shell's words", { exitCode: 139 }, /native code/],
  ["a kill from outside", { exitCode: null, signal: "SIGKILL" }, /want of memory/],
  ["a banner", { code: "handshake-malformed", stdoutHead: "Welcome!" }, /before the handshake/],
  ["a damaged line", { code: "handshake-malformed", stdoutHead: "1|1|un" }, /damaged/],
  ["silence", { code: "start-timeout", exitCode: null }, /prints nothing/],
  ["a cookie", { code: "cookie-mismatch" }, /KV_PLUGIN/],
  ["nothing at all", { exitCode: 3 }, undefined],
];

for (const [title, evidence, sentence] of rows) {
  test(`${title} is told from the evidence [LIFE-10]`, () => {
    const cause = findProbableCause({ ...nothing, ...evidence });
    if (sentence === undefined) assert.equal(cause, undefined);
    else assert.match(cause ?? "", sentence);
  });
}

test("a refused cookie needs exit code 1, a silent stdout and the plugin's word for it [LIFE-08]", () => {
  const stderrTail = ["This binary is a plugin. These are not meant to be executed directly."];
  const refusal = { ...nothing, stderrTail };
  assert.equal(isCookieRefusal(refusal), true);
  assert.equal(isCookieRefusal({ ...refusal, exitCode: 2 }), false);
  assert.equal(isCookieRefusal({ ...refusal, stdoutHead: "x" }), false);
  assert.equal(isCookieRefusal({ ...refusal, stderrTail: ["boom"] }), false);
});

test("text of the plugin is escaped in the sentence", () => {
  const cause = findProbableCause({ ...nothing, stderrTail: ["panic: \u001b[2J"] });
  assert.equal(cause?.includes("\u001b"), false);
});
