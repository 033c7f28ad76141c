import { Code } from "@connectrpc/connect";
import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import { createChannel, type Channel } from "@tenon/wire";
import type { PluginSubject } from "../subject.js";
import { askHealth, callUnary, describeCode, mustAnswer, openStdio } from "../calls.js";
import { dialPlain, dialSocket } from "../connect.js";
import { withTimeout } from "../../timing.js";

const area = "stdio";
const needs = ["handshake-line", "address-answers", "stdio-served"];

/** The first stream of output of a plugin that nobody else talks to. */
function firstStream(subject: PluginSubject) {
  return subject.once("stdio", async () => {
    const { timeoutMs, settleMs, prints } = subject.settings;
    const { process, target } = await subject.start();
    const channel = await dialPlain(target, timeoutMs);
    // An answer to a later call means that the stream has had its chance to be refused.
    await mustAnswer(channel, timeoutMs);
    const stream = openStdio(channel);
    await askHealth(channel, "plugin", timeoutMs);
    const text = () => Buffer.concat(stream.received.map(({ data }) => data)).toString();
    await stream.settled(settleMs);
    const endsAt = performance.now() + timeoutMs;
    const isAwaited = () => prints !== undefined && stream.end === undefined && !text().includes(prints);
    while (isAwaited() && performance.now() < endsAt) await stream.settled(50);
    const found = { end: stream.end, received: stream.received, text: text() };
    stream.cancel();
    await stream.settled(1000);
    const again = openStdio(channel);
    await again.settled(settleMs);
    const second = again.end;
    again.cancel();
    channel.destroy();
    await process.kill();
    return { ...found, second };
  });
}

const describeEnd = (end: Code | "ended" | undefined) =>
  end === undefined ? "open" : end === "ended" ? "it ended at once" : describeCode(end);

/** What the plugin's code prints, on its way to the host. */
export const stdioChecks: readonly Check<PluginSubject>[] = [
  {
    id: "stdio-served",
    area,
    title: "the plugin serves GRPCStdio",
    rule: "STDIO-06, STDIO-07; go-plugin since v1.1.0, hosts do without",
    level: "should",
    needs: ["handshake-line", "address-answers"],
    expects: "a stream that opens",
    next: "Serve plugin.GRPCStdio/StreamStdio: what the plugin prints is lost otherwise.",
    run: async (subject) => {
      const { end } = await firstStream(subject);
      return verdict(end !== Code.Unimplemented, describeEnd(end));
    },
  },
  {
    id: "stdio-stays",
    area,
    title: "the stream of output stays open while the plugin runs",
    rule: "STDIO-06; go-plugin: a host opens it once",
    level: "must",
    needs,
    expects: "an open stream, whether or not there is output",
    next: "End the stream with the plugin or when the host cancels it, not where output pauses.",
    run: async (subject) => {
      const { end } = await firstStream(subject);
      return verdict(end === undefined, describeEnd(end));
    },
  },
  {
    id: "stdio-chunks",
    area,
    title: "each chunk names its channel and is not empty",
    rule: "STDIO-03; go-plugin: an unknown channel is dropped",
    level: "must",
    needs,
    expects: "channel 1 (stdout) or 2 (stderr), and data",
    next: "Set channel on every chunk: 0 is invalid.",
    run: async (subject) => {
      const { received } = await firstStream(subject);
      const odd = received.find(({ channel, data }) => (channel !== 1 && channel !== 2) || data.length === 0);
      if (odd !== undefined) return broken(`a chunk of ${odd.data.length} bytes on channel ${odd.channel}`);
      return received.length === 0 ? inapplicable("it printed nothing") : held(`${received.length} chunks`);
    },
  },
  {
    id: "stdio-carries",
    area,
    title: "what the plugin prints arrives on the stream",
    rule: "STDIO-01",
    level: "must",
    needs,
    expects: "the text given by --prints",
    next: "Redirect the language's standard output, after the line, to the stream.",
    run: async (subject) => {
      const { prints } = subject.settings;
      if (prints === undefined) return inapplicable("give --prints TEXT, a text that the plugin prints when it starts");
      const { text } = await firstStream(subject);
      return verdict(text.includes(prints), text === "" ? "nothing" : text.slice(0, 120));
    },
  },
  {
    id: "stdio-again",
    area,
    title: "after a first stream ended a second one can be opened",
    rule: "STDIO-06; go-plugin: reattach",
    level: "should",
    needs: [...needs, "stdio-stays"],
    expects: "an open stream",
    next: "Keep the output where a next stream finds it; a host that reattaches asks again.",
    run: async (subject) => {
      const { second } = await firstStream(subject);
      return verdict(second === undefined, describeEnd(second));
    },
  },
  {
    id: "unread-output",
    area,
    title: "the plugin answers although nobody reads its output",
    rule: "STDIO-04, HS-23",
    level: "should",
    needs: ["handshake-line", "address-answers"],
    expects: "answers to 1 000 calls",
    next: "Never write logs in a way that blocks calls, and log no single call at the usual level.",
    run: async (subject) => {
      const { timeoutMs } = subject.settings;
      const { process, target } = await subject.start();
      process.setReading(false);
      const channel = createChannel(await dialSocket(target, timeoutMs));
      try {
        await withTimeout(manyCalls(channel, timeoutMs), timeoutMs, "1 000 calls");
        return held("1 000 answers");
      } finally {
        channel.destroy();
        process.setReading(true);
        await process.kill();
      }
    },
  },
];

async function manyCalls(channel: Channel, timeoutMs: number): Promise<void> {
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(
      Array.from({ length: 100 }, () => callUnary(channel, "tenon.conformance.Nobody", "Nothing", timeoutMs)),
    );
    await mustAnswer(channel, timeoutMs);
  }
}
