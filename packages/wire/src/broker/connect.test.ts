import assert from "node:assert/strict";
import { test } from "node:test";
import { isTenonError } from "@tenon/core";
import { connectTo } from "./connect.js";

const signal = new AbortController().signal;

test("connects to a unix socket or a port of this machine only [BRK-18]", async () => {
  for (const [network, address] of [
    ["unix", "relative"],
    ["unix", "/nul\0inside"],
    ["unix", `/${"x".repeat(200)}`],
    ["unix", ""],
    ["udp", "127.0.0.1:1"],
    ["", "127.0.0.1:1"],
    ["tcp", "10.0.0.1:1"],
    ["tcp", "127.evil.example:1"],
    ["tcp", "127.0.0.1"],
  ] as const) {
    await assert.rejects(
      connectTo({ network, address }, { plugin: "kv", mayBeElsewhere: false, signal }),
      (error) => isTenonError(error, "address-invalid"),
      `${network} ${address}`,
    );
  }
});

test("tells the system's error, and the signal's reason [BRK-18]", async () => {
  const options = { plugin: "kv", mayBeElsewhere: false };
  await assert.rejects(connectTo({ network: "unix", address: "/nowhere/x" }, { ...options, signal }), {
    code: "ENOENT",
  });
  const aborted = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    connectTo({ network: "unix", address: "/nowhere/x" }, { ...options, signal: aborted }),
    /enough/,
  );
});
