import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { HostFrameSchema } from "@tenon/core/bind";
import { useSandbox } from "../support/sandbox.js";
import { listenWithNeighbor } from "./neighbor.js";
import { encodeFrame, grpcMessage, helloOf, type RawPlugin, type Refusal } from "./raw-plugin.js";

useSandbox();

/** No message of gRPC begins like this. */
const soup = Buffer.concat([Buffer.from([0xfe]), randomBytes(4096)]);
/** Field 3, a Beat, of three bytes that are none. */
const wrongProtobuf = Buffer.from([0x1a, 0x03, 0xff, 0xff, 0xff]);
const welcome = toBinary(
  HostFrameSchema,
  create(HostFrameSchema, { frame: { case: "welcome", value: { protocol: 1 } } }),
);

interface Attack {
  readonly send: (plugin: RawPlugin) => void;
  readonly told: Refusal["code"];
  readonly reason: RegExp;
}

const noHello = { told: "hello-malformed", reason: /Hello/ };
const tooLarge = { told: Code.ResourceExhausted, reason: /the limit is 1048576/ };

describe("what comes in place of a Hello is refused with a reason, and no other plugin feels it [BFT-04]", () => {
  const attacks: Readonly<Record<string, Attack>> = {
    "bytes of the channel": { send: (p) => p.send({ case: "bytes", value: soup }), ...noHello },
    "log records": { send: (p) => p.send({ case: "logs", value: {} }), ...noHello },
    "a goodbye": { send: (p) => p.send({ case: "goodbye", value: {} }), ...noHello },
    "a description": { send: (p) => p.send({ case: "description", value: {} }), ...noHello },
    "an empty frame": { send: (p) => p.sendMessage(new Uint8Array()), ...noHello },
    "a Welcome": { send: (p) => p.sendMessage(welcome), told: "protocol-unsupported", reason: /protocol/ },
    "wrong protobuf": { send: (p) => p.sendMessage(wrongProtobuf), ...noHello },
    "random bytes": { send: (p) => p.sendRaw(soup), told: Code.Internal, reason: /flag/ },
    "a message of 2 GiB": { send: (p) => p.sendRaw(grpcMessage(soup, 2 ** 31)), ...tooLarge },
    "a Hello of 2 MiB": { send: (p) => p.send(helloOf({ token: "x".repeat(2 ** 21) })), ...tooLarge },
    "a token of 5000 characters": {
      send: (p) => p.send(helloOf({ token: "x".repeat(5000) })),
      told: "hello-malformed",
      reason: /token/,
    },
  };
  for (const [what, { send, told, reason }] of Object.entries(attacks)) {
    test(what, async (t) => {
      const { dial, listener, assertUnaffected } = await listenWithNeighbor(t);
      const plugin = dial();
      send(plugin);
      const refusal = await plugin.refused();
      assert.equal(refusal.code, told, refusal.reason);
      assert.match(refusal.reason, reason);
      assert.equal(listener.plugins().length, 1);
      await assertUnaffected();
    });
  }
});

describe("what is no frame of a bound plugin ends its link with a reason, and no other [BFT-04]", () => {
  const broken = { told: Code.InvalidArgument, reason: /./ };
  const attacks: Readonly<Record<string, Attack>> = {
    "a second Hello": { send: (p) => p.send(helloOf({ epoch: 2n })), told: "goodbye", reason: /Hello/ },
    "a Welcome": { send: (p) => p.sendMessage(welcome), told: "goodbye", reason: /Hello/ },
    "wrong protobuf": { send: (p) => p.sendMessage(wrongProtobuf), ...broken },
    "random bytes": { send: (p) => p.sendRaw(soup), told: Code.Internal, reason: /flag/ },
    "a message of 2 GiB": { send: (p) => p.sendRaw(grpcMessage(soup, 2 ** 31)), ...tooLarge },
    "a frame above its limit": {
      send: (p) => p.send({ case: "bytes", value: new Uint8Array(2 ** 20 + 1) }),
      ...tooLarge,
    },
    "half a frame": {
      send: (p) => {
        p.sendRaw(grpcMessage(encodeFrame({ case: "beat", value: { id: 1n } }), 100));
        p.stream.end();
      },
      ...broken,
    },
  };
  for (const [what, { send, told, reason }] of Object.entries(attacks)) {
    test(what, async (t) => {
      const { dial, event, listener, assertUnaffected } = await listenWithNeighbor(t);
      const plugin = dial();
      plugin.send(helloOf());
      await plugin.got("welcome");
      send(plugin);
      assert.match((await event("lost")).reason, /./);
      const refusal = await plugin.refused();
      assert.equal(refusal.code, told, refusal.reason);
      assert.match(refusal.reason, reason);
      assert.equal(listener.session("attacker"), undefined);
      await assertUnaffected();
    });
  }
});
