import { once } from "node:events";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import {
  Bind,
  type Hello,
  type HostFrame,
  HostFrameSchema,
  Level,
  type LogEntry,
  type PluginFrame,
  type RejectSchema,
  type Welcome,
  WelcomeSchema,
} from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { createChannel, createClient, createFrameLink, createServer, type FrameLink } from "@tenon/wire";
import { createYamuxSession } from "@tenon/wire/yamux";
import { implement } from "../implement.js";
import { KV, PairSchema, echo, kv } from "../kv.testing.js";
import { createLogger } from "../log/logger.js";
import { bindPlugin } from "./bind-plugin.js";
import type { BindEvent } from "./events.js";
import type { BindOptions } from "./options.js";

type Answer = { readonly welcome: Welcome } | { readonly reject: MessageInitShape<typeof RejectSchema> };

type HostFrameInit = NonNullable<MessageInitShape<typeof HostFrameSchema>["frame"]>;

const frameOf = (frame: HostFrameInit): HostFrame => create(HostFrameSchema, { frame });

/** One plugin at a host for tests. */
export interface TestLink {
  readonly hello: Hello;
  /** What it sent besides bytes, in order. */
  readonly frames: readonly PluginFrame["frame"][];
  readonly logs: readonly LogEntry[];
  /** Whether the plugin has ended its side of the call. */
  readonly isOver: boolean;
  /** A client of its service. */
  client(): Promise<Client<typeof KV>>;
  send(frame: HostFrameInit): void;
  /** Sends a last frame and ends the call. */
  end(frame: HostFrameInit): void;
  /** Answers nothing and reads on, as a peer behind a dead network seems to. */
  mute(): void;
}

/** A host that plugins dial in to: the protocol and nothing else. */
export interface TestHost {
  readonly to: string;
  readonly links: readonly TestLink[];
  /** The number of Hellos that came. */
  readonly hellos: readonly Hello[];
  /** What was answered to `asks`. */
  readonly descriptions: readonly string[];
  /** Resolves with the link of this number, from 1. */
  link(number: number): Promise<TestLink>;
  /** Resets every connection. */
  cut(): void;
  /** Stops listening, and resets every connection. */
  stop(): Promise<void>;
}

/** What the host does. */
export interface TestHostOptions {
  /** Default: welcomes, with heartbeats of 5 s. */
  readonly decide?: (hello: Hello, nth: number) => Answer | Promise<Answer>;
  readonly port?: number;
  /** Services about which it asks before it decides. */
  readonly asks?: readonly string[];
  /** Whether log records are taken. Default: true. */
  readonly takesLogs?: boolean;
  /** Whether the first link is cut behind its Welcome. */
  readonly cutsFirst?: boolean;
  /** Whether a plugin that asks to be drained is told at once that it is. Default: true. */
  readonly drains?: boolean;
}

/** Welcomes with what is given in place of the defaults. */
export const welcome = (init: Partial<Omit<Welcome, "$typeName" | "$unknown">> = {}): Answer => ({
  welcome: create(WelcomeSchema, {
    protocol: 1,
    session: "s-1",
    contractVersion: 1,
    heartbeatMs: 5000,
    deadAfterMs: 15_000,
    logLevel: { level: Level.INFO },
    logWindowBytes: 262_144,
    maxFrameBytes: 1024 * 1024,
    host: "test",
    ...init,
  }),
});

/** Starts a host until the end of the test. */
export async function startHost(t: TestContext, options: TestHostOptions = {}): Promise<TestHost> {
  const { decide = () => welcome(), port = 0, asks = [] } = options;
  const descriptions: string[] = [];
  const hellos: Hello[] = [];
  const links: OpenLink[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.add(Bind, {
    async *attach(requests) {
      const incoming = requests[Symbol.asyncIterator]();
      const { value: first } = await incoming.next();
      if (first?.frame.case !== "hello") throw new Error("no Hello");
      const hello = first.frame.value;
      hellos.push(hello);
      if (asks.length > 0) {
        yield frameOf({ case: "describe", value: { typeNames: [...asks] } });
        const { value: answer } = await incoming.next();
        if (answer?.frame.case === "description") descriptions.push(...answer.frame.value.texts);
      }
      const answer = await decide(hello, hellos.length);
      if ("reject" in answer) {
        yield frameOf({ case: "reject", value: answer.reject });
        return;
      }
      const link = new OpenLink(hello, frameOf({ case: "welcome", value: answer.welcome }), options);
      links.push(link);
      void link.read(incoming);
      if (options.cutsFirst === true && links.length === 1) setTimeout(cut, 10);
      yield* link.outgoing;
    },
  });
  const listener = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    server.accept(socket);
  });
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async () => {
    cut();
    await closeListener(listener);
  };
  t.after(stop);
  return {
    to: `127.0.0.1:${(listener.address() as { port: number }).port}`,
    links,
    hellos,
    descriptions,
    link: (number) => eventually(() => links[number - 1], { what: `link ${number}` }),
    cut,
    stop,
  };
}

async function closeListener(listener: NetServer): Promise<void> {
  if (!listener.listening) return;
  listener.close();
  await once(listener, "close");
}

class OpenLink implements TestLink {
  readonly hello: Hello;
  readonly frames: PluginFrame["frame"][] = [];
  readonly logs: LogEntry[] = [];
  readonly #link: FrameLink<HostFrame>;
  readonly #options: TestHostOptions;
  #client: Promise<Client<typeof KV>> | undefined;
  #isMute = false;
  isOver = false;

  constructor(hello: Hello, first: HostFrame, options: TestHostOptions) {
    this.hello = hello;
    this.#options = options;
    this.#link = createFrameLink<HostFrame>((value) => frameOf({ case: "bytes", value }), { outlivesDuplex: true });
    this.#link.duplex.on("error", () => {});
    this.#link.urgent(first);
  }

  get outgoing(): AsyncIterable<HostFrame> {
    return this.#link.outgoing;
  }

  client(): Promise<Client<typeof KV>> {
    return (this.#client ??= this.#open());
  }

  send(frame: HostFrameInit): void {
    this.#link.urgent(frameOf(frame));
  }

  end(frame: HostFrameInit): void {
    this.#link.cut(frameOf(frame));
  }

  mute(): void {
    this.#isMute = true;
  }

  async read(incoming: AsyncIterator<PluginFrame>): Promise<void> {
    try {
      for (let next = await incoming.next(); next.done !== true; next = await incoming.next()) {
        const { frame } = next.value;
        if (this.#isMute) continue;
        if (frame.case === "bytes") await this.#link.receiveBytes(frame.value);
        else this.#take(frame);
      }
    } catch {
      // The link is lost: that is the end too.
    }
    this.isOver = true;
    this.#link.close();
    this.#link.duplex.destroy();
  }

  async #open(): Promise<Client<typeof KV>> {
    const { duplex } = this.#link;
    const stream = this.hello.multiplex ? await createYamuxSession(duplex, { role: "client" }).open() : duplex;
    return createClient(KV, createChannel(stream).transport);
  }

  #take(frame: PluginFrame["frame"]): void {
    this.frames.push(frame);
    if (frame.case === "beat") this.send({ case: "beatAnswer", value: frame.value });
    if (frame.case === "drain" && this.#options.drains !== false) this.send({ case: "drained", value: {} });
    if (frame.case === "logs") {
      this.logs.push(...frame.value.entries);
      const sequence = frame.value.entries.at(-1)?.sequence ?? 0n;
      if (this.#options.takesLogs !== false) this.send({ case: "logsTaken", value: { sequence } });
    }
  }
}

/** A plugin of one service. */
export const plugin = implement(kv, { kv: echo });

/** Binds until the end of the test. Records go to the host alone. */
export async function bind(t: TestContext, options: BindOptions, served: Parameters<typeof bindPlugin>[0] = plugin) {
  const events: BindEvent[] = [];
  const logger = createLogger({ name: "kv", write: () => {} });
  const bound = await bindPlugin(served, {
    minBackoffMs: 10,
    maxBackoffMs: 100,
    logger,
    onEvent: (event) => events.push(event),
    ...options,
  });
  t.after(() => bound.destroy());
  return { bound, events, types: () => events.map(({ type }) => type) };
}

/** A plugin whose `get` waits until it is let go or aborted. */
export function slowPlugin() {
  const aborted: unknown[] = [];
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let begun = 0;
  const served = implement(kv, {
    kv: {
      ...echo,
      async get(pair: { key: string; value: Uint8Array }, context: HandlerContext) {
        begun++;
        context.signal.addEventListener("abort", () => aborted.push(context.signal.reason));
        await gate;
        return create(PairSchema, { key: pair.key, value: pair.value });
      },
    },
  });
  return { served, aborted, letGo: () => letGo(), begun: () => begun };
}
