import { duplexPair } from "node:stream";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Bind, type Hello, type HostFrameSchema, Level, type PluginFrame } from "@tenon/core/bind";
import { type Channel, createChannel, createFrameLink, createServer } from "@tenon/wire";
import { serveTcp } from "../peers/serve-tcp.js";

/** What a host says. */
type HostWord = NonNullable<NonNullable<MessageInitShape<typeof HostFrameSchema>["frame"]>>;

/** A plugin that was welcomed. */
export interface ScriptedLink {
  readonly hello: Hello;
  /** Where the plugin's services are. */
  readonly channel: Channel;
  /** Everything but Hello and bytes, in the order in which it came. */
  readonly frames: readonly PluginFrame["frame"][];
  say(word: HostWord): void;
  /** From now on nothing is said by itself: no heartbeat, no answer, no log is taken. */
  mute(): void;
  /** Ends the call as a broken connection would. */
  cut(): void;
  /** Resolves when the plugin or the host has ended the call. */
  readonly ended: Promise<void>;
}

/** A host that does as the test says and remembers what it hears. */
export interface ScriptedHost {
  readonly address: string;
  /** The Hellos so far. */
  readonly hellos: readonly Hello[];
  /** The next plugin that is welcomed. */
  link(): Promise<ScriptedLink>;
  /** Says this to the next Hello, in place of Welcome. */
  answer(word: HostWord): void;
  close(): Promise<void>;
}

/** What a Welcome of the scripted host says unless the test wants it otherwise. */
export const welcome = {
  protocol: 1,
  session: "scripted",
  contractVersion: 1,
  heartbeatMs: 100,
  deadAfterMs: 1000,
  logLevel: { level: Level.INFO },
  lastLog: 0n,
  logWindowBytes: 65_536,
  maxFrameBytes: 1 << 20,
  host: "scripted",
};

/** Listens at a free port of 127.0.0.1. */
export async function startScriptedHost(): Promise<ScriptedHost> {
  const answers: HostWord[] = [];
  const hellos: Hello[] = [];
  const links: ScriptedLink[] = [];
  const waiting: ((link: ScriptedLink) => void)[] = [];
  const server = createServer().add(Bind, {
    async *attach(requests, { signal }) {
      const frames = requests[Symbol.asyncIterator]();
      const first = (await frames.next()).value as PluginFrame | undefined;
      if (first?.frame.case !== "hello") throw new Error(`the first frame is ${first?.frame.case}`);
      hellos.push(first.frame.value);
      const word = answers.shift() ?? { case: "welcome", value: welcome };
      yield { frame: word };
      if (word.case !== "welcome") return;
      const { link, outgoing } = serveLink(first.frame.value, { [Symbol.asyncIterator]: () => frames }, signal);
      const taker = waiting.shift();
      if (taker === undefined) links.push(link);
      else taker(link);
      for await (const said of outgoing) yield { frame: said };
    },
  });
  const served = await serveTcp(server);
  return {
    address: `127.0.0.1:${served.port}`,
    hellos,
    link: () => {
      const link = links.shift();
      return link === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(link);
    },
    answer: (word) => void answers.push(word),
    close: () => served.close(),
  };
}

function serveLink(hello: Hello, incoming: AsyncIterable<PluginFrame>, signal: AbortSignal) {
  const { outgoing, duplex, urgent, receiveBytes, close, destroy } = createFrameLink<HostWord>((value) => ({
    case: "bytes",
    value,
  }));
  const heard: PluginFrame["frame"][] = [];
  let isMute = false;
  const beats = setInterval(() => isMute || urgent({ case: "beat", value: { id: 7n } }), welcome.heartbeatMs);
  const listen = async (): Promise<void> => {
    for await (const { frame } of incoming) {
      if (frame.case === "bytes") {
        await receiveBytes(frame.value);
        continue;
      }
      heard.push(frame);
      if (isMute) continue;
      if (frame.case === "beat") urgent({ case: "beatAnswer", value: frame.value });
      const last = frame.case === "logs" ? frame.value.entries.at(-1) : undefined;
      if (last !== undefined) urgent({ case: "logsTaken", value: { sequence: last.sequence } });
    }
  };
  const cut = (): void => destroy(new Error("cut"));
  signal.addEventListener("abort", cut, { once: true });
  // When the channel has ended the plugin has some time for its goodbye.
  const [near, far] = duplexPair();
  far.pipe(duplex, { end: false });
  duplex.pipe(far);
  near.on("close", () => setTimeout(close, 3000).unref());
  duplex.on("error", () => {}).on("close", () => near.destroy()); // Its channel tells.
  const ended = listen()
    .catch(() => {})
    .finally(() => {
      clearInterval(beats);
      destroy();
    });
  const link: ScriptedLink = {
    hello,
    channel: createChannel(near),
    frames: heard,
    say: urgent,
    mute: () => {
      isMute = true;
    },
    cut,
    ended,
  };
  return { link, outgoing };
}
