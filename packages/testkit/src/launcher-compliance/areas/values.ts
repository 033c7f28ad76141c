import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Kind, ValuesSchema } from "../../gen/tenon/testkit/v1/specimen_pb.js";
import { pattern } from "../../streams/compliance/rig.js";
import { sameBytes } from "../bytes.js";
import type { Bench, LauncherArea } from "../case.js";
import { arbitraryMessage } from "../values/arbitrary.js";
import { toPlain } from "../values/plain.js";

type Init = MessageInitShape<typeof ValuesSchema>;

/** Sends values there and back, and compares what came with a copy of what went. */
async function roundTrip({ client }: Bench, init: Init): Promise<void> {
  const sent = create(ValuesSchema, init);
  const before = toPlain(ValuesSchema, sent);
  assert.deepEqual(toPlain(ValuesSchema, await client.echo(sent)), before);
  assert.deepEqual(toPlain(ValuesSchema, sent), before, "what was sent has changed");
}

const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/** Values that cross unchanged. */
export const values: LauncherArea = {
  name: "values",
  cases: [
    {
      what: "64-bit integers at their ends and beyond 2^53",
      async run(bench) {
        for (const value of [least, -(2n ** 53n) - 1n, -1n, 1n, 2n ** 53n + 1n, most]) {
          const byInt64 = { [String(value)]: pattern(3) };
          await roundTrip(bench, { aInt64: value, aSint64: value, aSfixed64: value, maybeInt64: value, byInt64 });
        }
        await roundTrip(bench, { aUint64: 2n ** 64n - 1n, aFixed64: 2n ** 64n - 1n, sint64s: [least, 0n, most] });
      },
    },
    {
      what: "32-bit integers at their ends",
      async run(bench) {
        await roundTrip(bench, { aInt32: -(2 ** 31), aSint32: -(2 ** 31), aSfixed32: -(2 ** 31) });
        await roundTrip(bench, { aInt32: 2 ** 31 - 1, aUint32: 2 ** 32 - 1, aFixed32: 2 ** 32 - 1 });
      },
    },
    {
      what: "-0, NaN and the infinities",
      async run(bench) {
        for (const value of [-0, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE]) {
          const choice = { case: "choiceDouble", value } as const;
          await roundTrip(bench, { aDouble: value, maybeDouble: value, doubles: [0, value], choice });
          await roundTrip(bench, { byBool: { true: value } });
        }
        for (const aFloat of [-0, NaN, Infinity]) await roundTrip(bench, { aFloat });
      },
    },
    {
      what: "empty is not unset",
      async run(bench) {
        await roundTrip(bench, {});
        await roundTrip(bench, {
          maybeDouble: 0,
          maybeInt64: 0n,
          maybeBool: false,
          maybeString: "",
          maybeBytes: new Uint8Array(0),
          maybeKind: Kind.UNSPECIFIED,
          nested: {},
          unit: {},
        });
        await roundTrip(bench, {
          strings: ["", ""],
          byteStrings: [new Uint8Array(0)],
          many: [{}, {}],
          texts: { "": "" },
        });
        await roundTrip(bench, { choice: { case: "choiceString", value: "" } });
        await roundTrip(bench, { choice: { case: "choiceBool", value: false } });
        await roundTrip(bench, { choice: { case: "choiceUnit", value: {} } });
      },
    },
    {
      what: "bytes of every value, and texts beyond ASCII",
      async run(bench) {
        await roundTrip(bench, { aBytes: Uint8Array.from({ length: 256 }, (_, i) => i), byteStrings: [pattern(1)] });
        const aString = '\0 \u007f é ☺ 𝄞 \u2028 \u202e \ufeff \\ " </script> \r\n';
        await roundTrip(bench, {
          aString,
          strings: [aString],
          texts: { [aString]: aString, constructor: "x", "": "y" },
        });
      },
    },
    {
      what: "maps, oneofs, enums and messages within messages",
      async run(bench) {
        let nested: Init = { aString: "innermost" };
        for (let i = 0; i < 50; i++)
          nested = i % 2 === 0 ? { nested } : { choice: { case: "choiceNested", value: nested } };
        await roundTrip(bench, nested);
        await roundTrip(bench, {
          byBool: { true: 1.5, false: -0 },
          byUint32: { 0: {}, 4294967295: { aBool: true } },
          byInt64: { "-9223372036854775808": pattern(4), "0": new Uint8Array(0) },
          kinds: [Kind.LAST, Kind.NEGATIVE, Kind.UNSPECIFIED],
          aKind: Kind.NEGATIVE,
        });
      },
    },
    {
      what: "messages of 1 MiB: one value, and many small ones",
      async run(bench) {
        const aBytes = pattern(1_048_576);
        sameBytes((await bench.client.echo({ aBytes })).aBytes, aBytes);
        const doubles = Array.from({ length: 131_072 }, (_, i) => i / 3);
        assert.deepEqual((await bench.client.echo({ doubles })).doubles, doubles);
        const aString = "☺é".repeat(209_716);
        assert.ok((await bench.client.echo({ aString })).aString === aString, "a text of 1 MiB has changed");
        const texts = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`key ${i}`, `value ${i}`]));
        assert.deepEqual((await bench.client.echo({ texts })).texts, texts);
      },
    },
    {
      what: "any message at all",
      patience: 3,
      async run(bench) {
        const fc = await import("fast-check");
        const property = fc.asyncProperty(arbitraryMessage(fc, ValuesSchema), (message) =>
          roundTrip(bench, message as Init),
        );
        await fc.assert(property, { numRuns: bench.long ? 5000 : 60 });
      },
    },
  ],
};
