import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import { createChannel } from "@tenon/wire";
import type { PluginSubject } from "../subject.js";
import { askHealth, type ConnInfoInit, describeCode, mustAnswer, openBroker } from "../calls.js";
import { dialPlain, dialYamux, secureStream } from "../connect.js";
import { withTimeout } from "../../timing.js";

const area = "broker";
const needs = ["handshake-line", "address-answers", "broker-served"];
const muxNeeds = ["handshake-line", "address-answers", "mux-answered"];
const unknownId = 4_000_000_000;
const notMultiplexed = inapplicable("the plugin says that it has no multiplexing");

/** Opens a broker stream of its own, sends this, and watches what becomes of stream and plugin. */
async function brokerStream(subject: PluginSubject, sends: readonly ConnInfoInit[], count = 1) {
  const { timeoutMs, settleMs } = subject.settings;
  const { process, target } = await subject.start();
  const channel = await dialPlain(target, timeoutMs);
  let end: Code | "ended" | undefined;
  for (let i = 0; i < count; i++) {
    // The plugin hears of the end of a stream a little later.
    if (i > 0) await sleep(settleMs);
    // An answer to a later call means that the stream has had its chance to be refused.
    await mustAnswer(channel, timeoutMs);
    const stream = openBroker(channel, sends);
    await askHealth(channel, "plugin", timeoutMs);
    await stream.settled(settleMs);
    end = stream.end;
    stream.cancel();
    await stream.settled(1000);
  }
  const isAlive = await mustAnswer(channel, timeoutMs).then(
    () => true,
    () => false,
  );
  channel.destroy();
  await process.kill();
  return { end, isAlive };
}

const describeEnd = (end: Code | "ended" | undefined) =>
  end === undefined ? "an open stream" : end === "ended" ? "a stream that ended" : describeCode(end);

async function harmless(found: ReturnType<typeof brokerStream>) {
  const { end, isAlive } = await found;
  if (!isAlive) return broken("the plugin no longer answers");
  return verdict(end === undefined, describeEnd(end));
}

async function saysTrue(subject: PluginSubject): Promise<boolean> {
  const { fields } = (await subject.multiplexed()).line;
  return /^(1|t|true)$/i.test(fields[6]?.trim() ?? "");
}

/** The one multiplexed connection that a plugin takes, and two streams on it. */
function muxSession(subject: PluginSubject) {
  return subject.once("mux session", async () => {
    const { timeoutMs, settleMs } = subject.settings;
    const session = await dialYamux((await subject.multiplexed()).target, timeoutMs);
    const channels = await Promise.all(
      [session.open(), session.open()].map(async (stream) => createChannel(await stream)),
    );
    const answers = await Promise.allSettled(channels.map((channel) => mustAnswer(channel, timeoutMs)));
    const [first, second] = answers.map(({ status }) => status === "fulfilled");
    const knock = openBroker(channels[0]!, [{ serviceId: unknownId, knock: { knock: true } }]);
    await knock.settled(settleMs);
    const afterKnock = await mustAnswer(channels[0]!, timeoutMs).then(
      () => true,
      () => false,
    );
    const ack = knock.received.find(({ serviceId }) => serviceId === unknownId)?.knock;
    knock.cancel();
    session.destroy();
    return { first, second, afterKnock, ack };
  });
}

/** Further channels beside the main one: the broker, alone and multiplexed. */
export const brokerChecks: readonly Check<PluginSubject>[] = [
  {
    id: "broker-served",
    area,
    title: "the plugin serves GRPCBroker",
    rule: "go-plugin: StartStream, hosts do without",
    level: "should",
    needs: ["handshake-line", "address-answers"],
    expects: "a stream that opens",
    next: "Serve plugin.GRPCBroker/StartStream where the contract has callbacks or further channels.",
    run: async (subject) => {
      const { end } = await subject.once("broker", () => brokerStream(subject, []));
      return verdict(end !== Code.Unimplemented, describeEnd(end));
    },
  },
  {
    id: "broker-stays",
    area,
    title: "the broker's stream stays open while the plugin runs",
    rule: "go-plugin: a host opens it once, right after dialling",
    level: "must",
    needs,
    expects: "an open stream",
    next: "Keep reading the stream; end it only with the connection.",
    run: async (subject) => {
      const { end } = await subject.once("broker", () => brokerStream(subject, []));
      return verdict(end === undefined, describeEnd(end));
    },
  },
  {
    id: "broker-unknown-id",
    area,
    title: "a ConnInfo that nobody waits for does no harm",
    rule: "go-plugin: it is forgotten after 5 s",
    level: "must",
    needs: [...needs, "broker-stays"],
    expects: "the stream stays open and the plugin answers",
    next: "Keep the address for 5 s and then forget it; do not dial it.",
    run: (subject) =>
      harmless(brokerStream(subject, [{ serviceId: unknownId, network: "unix", address: "/tenon/nobody" }])),
  },
  {
    id: "broker-unknown-knock",
    area,
    title: "a knock that nobody waits for does no harm, where nothing is multiplexed",
    rule: "go-plugin: messages for the wrong mode are ignored",
    level: "must",
    needs: [...needs, "broker-stays"],
    expects: "the stream stays open and the plugin answers",
    next: "Ignore knocks where PLUGIN_MULTIPLEX_GRPC was not set, or answer them with an error.",
    run: (subject) => harmless(brokerStream(subject, [{ serviceId: unknownId, knock: { knock: true } }])),
  },
  {
    id: "broker-again",
    area,
    title: "after a first broker stream ended a second one works",
    rule: "go-plugin: its broker is closed for good, so that hosts that reattach have none",
    level: "should",
    needs: [...needs, "broker-stays", "broker-unknown-id"],
    expects: "an open stream",
    next: "Make a broker for each stream, keyed by the connection.",
    run: async (subject) => {
      const info = { serviceId: unknownId, network: "unix", address: "/tenon/nobody" };
      return harmless(brokerStream(subject, [info], 2));
    },
  },
  {
    id: "mux-uninvited",
    area,
    title: "without PLUGIN_MULTIPLEX_GRPC the line has no seventh field",
    rule: "HS-03; go-plugin: hosts before v1.6.0 take it for the certificate",
    level: "must",
    needs: ["handshake-line"],
    expects: "six fields at most",
    next: "Print the seventh field only where the variable is set.",
    run: async (subject) => {
      const { fields } = (await subject.plain()).line;
      return verdict(fields.length <= 6, `${fields.length} fields`);
    },
  },
  {
    id: "mux-answered",
    area,
    title: "asked for multiplexing, the plugin says whether it has it",
    rule: "HS-03; go-plugin since v1.6.0, a host refuses a plugin that says nothing",
    level: "should",
    needs: ["handshake-line"],
    expects: "true or false as seventh field",
    next: "Print false where there is no multiplexing: a host can then fall back.",
    run: async (subject) => {
      const field = (await subject.multiplexed()).line.fields[6]?.trim();
      return verdict(field !== undefined && /^(true|false)$/.test(field), field ?? "no seventh field");
    },
  },
  {
    id: "mux-session",
    area,
    title: "multiplexed, the main channel is the first stream of a yamux session",
    rule: "go-plugin: GRPCBrokerMultiplex",
    level: "must",
    needs: muxNeeds,
    expects: "answers on a stream",
    next: "Accept one connection, run yamux as server on it, and hand each stream to the gRPC server.",
    run: async (subject) => {
      if (!(await saysTrue(subject))) return notMultiplexed;
      return verdict((await muxSession(subject)).first === true, "a stream of yamux");
    },
  },
  {
    id: "mux-second-stream",
    area,
    title: "multiplexed, a stream without a knock goes to the main server",
    rule: "go-plugin: grpc-go reconnects so",
    level: "must",
    needs: [...muxNeeds, "mux-session"],
    expects: "answers on a second stream",
    next: "Hand every stream that no knock announced to the main server.",
    run: async (subject) => {
      if (!(await saysTrue(subject))) return notMultiplexed;
      return verdict((await muxSession(subject)).second === true, "a second stream of yamux");
    },
  },
  {
    id: "mux-unknown-knock",
    area,
    title: "multiplexed, a knock for an unknown id does no harm",
    rule: "go-plugin: knock and ack",
    level: "must",
    needs: [...muxNeeds, "mux-session"],
    expects: "the main channel answers on",
    next: "Look for a listener of that id first, and answer with an error where there is none.",
    run: async (subject) => {
      if (!(await saysTrue(subject))) return notMultiplexed;
      const { afterKnock, ack } = await muxSession(subject);
      return verdict(afterKnock, ack === undefined ? "no ack" : `ack, error ${JSON.stringify(ack.error)}`);
    },
  },
  {
    id: "mux-tls",
    area,
    title: "multiplexed with AutoMTLS, TLS runs inside of each stream",
    rule: "go-plugin: yamux outside, TLS inside",
    level: "must",
    needs: [...muxNeeds, "mux-session", "tls-answers"],
    expects: "answers by TLS on a stream",
    next: "Run yamux on the bare connection and TLS on its streams.",
    run: async (subject) => {
      if (!(await saysTrue(subject))) return notMultiplexed;
      const { timeoutMs } = subject.settings;
      const env = { PLUGIN_MULTIPLEX_GRPC: "true", PLUGIN_CLIENT_CERT: subject.own.certPem };
      const { process, target } = await subject.start({ env });
      const session = await dialYamux(target, timeoutMs);
      try {
        const stream = await withTimeout(session.open(), timeoutMs, "the stream");
        const channel = createChannel(await secureStream(stream, { own: subject.own }, timeoutMs));
        await mustAnswer(channel, timeoutMs);
        return held("TLS on a stream");
      } finally {
        session.destroy();
        await process.kill();
      }
    },
  },
];
