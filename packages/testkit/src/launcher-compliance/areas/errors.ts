import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { TaskSchema, Thrown, ThrownSchema } from "../../gen/tenon/testkit/v1/specimen_pb.js";
import { failure, pattern } from "../../streams/compliance/rig.js";
import { sameBytes } from "../bytes.js";
import type { LauncherArea } from "../case.js";

const codes = Object.values(Code).filter((code): code is Code => typeof code === "number");
const thrown = ThrownSchema.values
  .map(({ number }) => number as Thrown)
  .filter((value) => value !== Thrown.UNSPECIFIED);
/** Everything that can be thrown, at once and later. */
const deeds = thrown.flatMap((value) => [{ case: "throws", value } as const, { case: "rejects", value } as const]);
const nameOf = (deed: (typeof deeds)[number]) => `${deed.case} ${ThrownSchema.value[deed.value]?.localName}`;
const text = "asked to fail: ☺ % \n and more";

/** Calls that fail because their handler says so. */
export const errors: LauncherArea = {
  name: "errors",
  cases: [
    {
      what: "a failure is a ConnectError with the handler's text",
      async run({ client }) {
        const call = client.unary({ status: Code.Unknown, message: text });
        assert.equal((await failure(call, Code.Unknown)).rawMessage, text);
        await client.unary({});
      },
    },
    {
      what: "each of the 16 codes arrives as itself",
      needs: ["codes"],
      async run({ client }) {
        for (const status of codes) {
          assert.equal((await failure(client.unary({ status, message: text }), status)).rawMessage, text);
        }
      },
    },
    {
      what: "an error brings its details and its metadata, text and binary",
      needs: ["details"],
      async run({ client }) {
        const data = pattern(300);
        const error = await failure(client.unary({ status: Code.NotFound, data }), Code.NotFound);
        assert.equal(error.metadata.get("x-failed"), "yes");
        assert.equal(Buffer.from(error.metadata.get("x-failed-bin") ?? "", "base64").toString("hex"), "000102ff");
        const [detail, ...more] = error.findDetails(TaskSchema);
        assert.equal(more.length, 0);
        sameBytes(detail?.data, data);
      },
    },
    {
      what: "a stream that fails gives everything that came before the failure",
      needs: ["streams", "codes"],
      async run({ client }) {
        let count = 0;
        const read = async () => {
          for await (const _ of client.serverStream({ count: 3, status: Code.DataLoss, message: text })) count++;
        };
        assert.equal((await failure(read(), Code.DataLoss)).rawMessage, text);
        assert.equal(count, 3);
        const tasks = async function* () {
          yield {};
          yield { status: Code.OutOfRange, message: text };
        };
        await failure(client.clientStream(tasks()), Code.OutOfRange);
        let answers = 0;
        const talk = async () => {
          for await (const _ of client.bidi(tasks())) answers++;
        };
        await failure(talk(), Code.OutOfRange);
        assert.equal(answers, 1);
      },
    },
    {
      what: "whatever a handler throws or rejects with fails its own call, and no other",
      needs: ["exceptions"],
      async run({ client }) {
        for (const deed of deeds) {
          const name = nameOf(deed);
          const beside = client.unary({ delayMs: 5, number: 5n });
          const error = await rejection(client.misbehave({ deed }));
          assert.ok(error instanceof ConnectError, `${name} ends with ${String(error)}`);
          assert.equal(Code[error.code], deed.value === Thrown.ABORT ? "Canceled" : "Unknown", name);
          assert.equal((await beside).number, 5n, name);
        }
      },
    },
    {
      what: "the same for streams of answers, after what they gave before",
      needs: ["exceptions", "streams"],
      async run({ client }) {
        for (const deed of deeds) {
          let count = 0;
          const read = async () => {
            for await (const _ of client.misbehaveInStream({ deed })) count++;
          };
          const error = await rejection(read());
          assert.ok(error instanceof ConnectError, `${nameOf(deed)} ends with ${String(error)}`);
          assert.equal(count, 1, nameOf(deed));
        }
        await client.unary({});
      },
    },
    {
      what: "a message of 10 MB is an error like others, cut or whole",
      needs: ["exceptions"],
      async run({ client }) {
        const call = client.misbehave({ deed: { case: "rejects", value: Thrown.HUGE } });
        const error = await failure(call, Code.Unknown);
        assert.match(error.rawMessage.slice(0, 100), /^x{100}$/);
        await client.unary({});
      },
    },
  ],
};

async function rejection(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return new Error("the call succeeded");
}
