import assert from "node:assert/strict";
import { pattern } from "../../streams/compliance/rig.js";
import { type LauncherArea, settled } from "../case.js";

/** So many messages are far more than the windows and the buffers on both sides hold: 128 MiB. */
const messages = 2048;
const messageBytes = 65_536;
/** What may be on its way when the reader has stopped: a quarter of everything. */
const mostOnTheWay = messages / 4;

/** Streams whose one end is slower than the other. */
export const backPressure: LauncherArea = {
  name: "back-pressure",
  cases: [
    {
      what: "a reader that stops stops its writer within a bound, and gets the rest when it goes on",
      needs: ["streams"],
      async run({ client, say, tag }) {
        const stream = client.serverStream({ tag, data: pattern(messageBytes), count: messages });
        const answers = stream[Symbol.asyncIterator]();
        assert.equal((await answers.next()).done, false);
        const produced = await settled(async () => Number((await client.look({ tag })).produced));
        say(`${(produced * messageBytes) / 1_048_576} MiB were produced for a reader that had taken one message`);
        assert.ok(produced <= mostOnTheWay, `${produced} of ${messages} messages were produced for nobody`);
        let read = 1;
        while ((await answers.next()).done !== true) read++;
        assert.equal(read, messages);
      },
    },
    {
      what: "a handler that does not read stops its sender within a bound, and gets everything when it does",
      needs: ["streams"],
      async run({ client, say, tag }) {
        let sent = 0;
        async function* tasks() {
          while (sent++ < messages) yield { tag, data: pattern(messageBytes), hold: true };
        }
        const answer = client.clientStream(tasks());
        answer.catch(() => {});
        const before = await settled(() => sent);
        say(`${(before * messageBytes) / 1_048_576} MiB were sent to a handler that had taken one message`);
        assert.ok(before <= mostOnTheWay, `${before} of ${messages} messages were sent to nobody`);
        await client.look({ tag, release: true });
        assert.equal((await answer).number, BigInt(messages));
        assert.equal((await client.look({ tag })).consumed, BigInt(messages));
      },
    },
    {
      what: "a stream that stands still does not hold up others",
      needs: ["streams"],
      async run({ client, tag }) {
        const stream = client.serverStream({ tag, data: pattern(messageBytes), count: messages });
        const still = stream[Symbol.asyncIterator]();
        await still.next();
        await settled(async () => Number((await client.look({ tag })).produced));
        const data = pattern(messageBytes);
        for (let i = 0; i < 20; i++) assert.equal((await client.unary({ data })).data.length, messageBytes);
        await still.return?.();
      },
    },
  ],
};
