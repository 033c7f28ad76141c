import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { type ErrorCode, isTenonError } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { dial } from "../dial/dial.js";
import { createServer } from "../server/server.js";
import { streamFromMessages } from "../streams/message-stream.js";
import { createCertificate } from "../tls/certificate.js";
import { yamuxRanges } from "../yamux/options.js";
import { createYamuxSession } from "../yamux/session.js";
import { channelRanges, dialRanges, serverRanges } from "./ranges.js";
import type { NumberRange } from "./check.js";

type Options = Record<string, unknown>;

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Makes something with these options and ends it again. */
const makers: Readonly<
  Record<string, readonly [make: (options: Options) => void, ranges: Record<string, NumberRange>]>
> = {
  createChannel: [(options) => createChannel(idle(), options).destroy(), channelRanges],
  dial: [(options) => dial(idle, options).destroy(), dialRanges],
  createServer: [(options) => createServer(options).destroy(), serverRanges],
  createYamuxSession: [
    (options) => createYamuxSession(idle(), { role: "client", ...options }).destroy(),
    { ...yamuxRanges },
  ],
  streamFromMessages: [
    (options) =>
      streamFromMessages(nothing(), options)
        .duplex.on("error", () => {})
        .destroy(),
    { maxMessageBytes: [1, 0x7fffffff] },
  ],
  createCertificate: [(options) => void createCertificate(options), { validityMs: [1, 100 * 262_980 * 3_600_000] }],
};

function idle(): Duplex {
  const [near] = createDuplexPair();
  return near.on("error", () => {});
}

function refused(make: () => void, option: string): Readonly<Record<string, unknown>> {
  try {
    make();
  } catch (error) {
    assert.ok(isTenonError(error, "option-invalid" satisfies ErrorCode), String(error));
    assert.equal(error.facts["option"], option);
    assert.match(error.message, new RegExp(`^The option ${option} is .*; it must be `));
    return error.facts;
  }
  return assert.fail(`${option} was taken`);
}

for (const [name, [make, ranges]] of Object.entries(makers)) {
  describe(`the numbers of ${name}`, () => {
    for (const [option, [least, most, parts]] of Object.entries(ranges)) {
      test(`${option} is from ${least} to ${most} [WIRE-46]`, () => {
        const wrong: unknown[] = [least - 1, most * 2, Number.NaN, Number.POSITIVE_INFINITY, "1000", null, {}];
        if (parts === undefined) wrong.push(least + 0.5);
        for (const value of wrong) {
          const facts = refused(() => make({ [option]: value }), option);
          assert.deepEqual([facts["value"], facts["least"], facts["most"]], [value, least, most]);
        }
        // What belongs together is checked together: the least of the one may be too little for the other.
        const others = option === "maxStreamWindowBytes" ? { streamWindowBytes: 65_535 } : {};
        make({ ...others, [option]: undefined });
        make({ ...others, [option]: least });
        if (option !== "initialBackoffMs" || most <= 120_000) make({ ...others, [option]: most });
      });
    }
  });
}

describe("options that are no numbers [WIRE-46]", () => {
  const table: readonly [maker: string, options: Options, option?: string][] = [
    ["createChannel", { authority: "two words" }, "authority"],
    ["createChannel", { authority: 1 }, "authority"],
    ["createChannel", { interceptors: [() => {}, {}] }, "interceptors"],
    ["createChannel", { interceptors: () => {} }, "interceptors"],
    ["createChannel", { sendCompression: "br" }, "sendCompression"],
    ["createChannel", { explainLoss: "because" }, "explainLoss"],
    ["createChannel", { renew: {} }, "renew"],
    ["createChannel", { keepaliveWithoutCalls: 1 }, "keepaliveWithoutCalls"],
    ["createChannel", { streamWindowBytes: 200_000, maxStreamWindowBytes: 100_000 }, "maxStreamWindowBytes"],
    ["dial", { waitForReady: "yes" }, "waitForReady"],
    ["dial", { initialBackoffMs: 100, maxBackoffMs: 99 }, "maxBackoffMs"],
    ["dial", { authority: "a\nb" }, "authority"],
    ["createServer", { sendCompression: "" }, "sendCompression"],
    ["createServer", { interceptors: "all" }, "interceptors"],
    ["createServer", { streamWindowBytes: 200_000, maxStreamWindowBytes: 100_000 }, "maxStreamWindowBytes"],
    ["createYamuxSession", { role: "peer" }, "role"],
    ["createYamuxSession", { role: undefined }, "role"],
    ["createYamuxSession", { onStream: 1 }, "onStream"],
    ["createCertificate", { commonName: "" }, "commonName"],
    ["createCertificate", { organization: 5 }, "organization"],
  ];
  for (const [name, options, option] of table) {
    test(`${name} refuses ${JSON.stringify(options)}`, () => {
      refused(() => makers[name]![0](options), option!);
    });
  }

  test("options that are none", () => {
    refused(() => createChannel(idle(), null as never), "options");
    refused(() => createServer(5 as never), "options");
    refused(() => dial(idle, "fast" as never), "options");
    refused(() => dial(idle() as never), "connect");
    refused(() => createYamuxSession(idle(), null as never), "options");
  });
});

test("times that are given with a call are checked too [WIRE-46]", async () => {
  const channel = createChannel(idle());
  const server = createServer();
  const session = createYamuxSession(idle(), { role: "client" });
  const invalid = { code: "option-invalid" };
  await assert.rejects(channel.ping({ timeoutMs: -1 }), invalid);
  await assert.rejects(channel.ping({ timeoutMs: Number.NaN }), invalid);
  await assert.rejects(server.close({ graceMs: 2 ** 31 }), invalid);
  await assert.rejects(session.ping({ timeoutMs: 0 }), invalid);
  await assert.rejects(async () => session.close({ graceMs: -5 }), invalid);
  channel.destroy();
  server.destroy();
  session.destroy();
});
