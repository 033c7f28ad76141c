import assert from "node:assert/strict";
import { test } from "node:test";
import { isLocal, parseBindAddress } from "./address.js";

test("reads what a plugin dials", () => {
  assert.deepEqual(parseBindAddress("host.example:7000"), { network: "tcp", host: "host.example", port: 7000 });
  assert.deepEqual(parseBindAddress("[::1]:7000"), { network: "tcp", host: "::1", port: 7000 });
  assert.deepEqual(parseBindAddress("unix:/run/host.sock"), { network: "unix", path: "/run/host.sock" });
  assert.deepEqual(parseBindAddress("wss://[::1]:7000/bind"), {
    network: "ws",
    url: "wss://[::1]:7000/bind",
    host: "::1",
    authority: "[::1]:7000",
    isSecure: true,
  });
});

test("refuses what cannot be dialled", () => {
  for (const text of [
    "",
    "host",
    "host:",
    ":1",
    "host:0",
    "host:65536",
    "::1:70",
    "[host]:1",
    "unix:",
    "a b:1",
    "ws://",
    "ws:host",
    "wss://user@host/bind",
    "ws://host/bind#part",
    7000,
  ]) {
    assert.throws(() => parseBindAddress(text), { code: "option-invalid" }, String(text));
  }
});

test("knows what stays on this machine [BPL-12]", () => {
  for (const to of ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x", "ws://localhost/bind"]) {
    assert.ok(isLocal(parseBindAddress(to)), to);
  }
  for (const to of [
    "10.0.0.1:1",
    "localhost.example:1",
    "127.0.0.1.example:1",
    "[fe80::1]:1",
    "0.0.0.0:1",
    "ws://host/bind",
  ]) {
    assert.ok(!isLocal(parseBindAddress(to)), to);
  }
});
