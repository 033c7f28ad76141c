import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "./arguments.js";

test("reads what it is told, and leaves the program's own arguments alone", () => {
  const line =
    "--to host:7 --token-file /t --cookie BASIC_PLUGIN=hello=x --contract-versions 2,3 --service a.A --service b.B " +
    "--no-multiplex --tls-ca ca.pem -- ./p --to x";
  const all = parseArguments(line.split(" "));
  assert.ok(typeof all === "object");
  const { to, tokenFile, cookie, versions, services, multiplex, tls, tlsFiles, command } = all;
  assert.deepEqual(
    { to, tokenFile, cookie, versions, services, multiplex, tls, tlsFiles, command },
    {
      to: "host:7",
      tokenFile: "/t",
      cookie: { key: "BASIC_PLUGIN", value: "hello=x" },
      versions: [2, 3],
      services: ["a.A", "b.B"],
      multiplex: false,
      tls: true,
      tlsFiles: { ca: "ca.pem" },
      command: ["./p", "--to", "x"],
    },
  );
});

test("says what is wrong", () => {
  const rest = ["--", "./p"];
  const wrong: readonly [readonly string[], RegExp][] = [
    [rest, /--to is missing/],
    [["--to", "h:1"], /program/],
    [["--to", "h:1", "--cookie", "none", ...rest], /KEY=VALUE/],
    [["--to", "h:1", "--tls-cert", "c", ...rest], /belong together/],
    [["--to", "h:1", "--drain-timeout-ms", "soon", ...rest], /whole number/],
    [["--to", "h:1", "--what", ...rest], /--what/],
  ];
  for (const [args, message] of wrong) {
    const said = parseArguments(args);
    assert.ok(typeof said === "string");
    assert.match(said, message);
  }
  assert.equal(parseArguments(["--help"]), "help");
});
