import type { Duplex } from "node:stream";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  Bind,
  type Drain,
  type Goodbye,
  type Hello,
  type HostFrame,
  type Level,
  type PluginFrame,
  PluginFrameSchema,
  type Reject,
  type Welcome,
} from "@tenon/core/bind";
import { type Channel, createChannel, createClient, createFrameLink, type FrameLink } from "@tenon/wire";
import { Beats } from "./beats.js";
import type { LogSpool } from "./log-spool.js";

/** How a link ended. */
export type LinkEnd =
  | { readonly kind: "lost"; readonly cause: Error }
  | { readonly kind: "goodbye"; readonly reason: string; readonly mayReturn: boolean }
  /** Our own goodbye was the last word. */
  | { readonly kind: "left" };

/** What a link needs. */
export interface LinkInit {
  readonly hello: Hello;
  readonly authority: string;
  readonly welcomeTimeoutMs: number;
  readonly logs: LogSpool;
  /** The versions of the contract that are offered. */
  readonly versions: readonly number[];
  /** Answers the host's question about a service. */
  readonly describe: (typeName: string) => string;
  readonly onDrain: (drain: Drain) => void;
  readonly onSuspect: (silentMs: number) => void;
  readonly onRecovered: (silentMs: number) => void;
  readonly signal: AbortSignal;
}

/** What the host answered to a Hello. */
export type HelloAnswer = { readonly welcome: Welcome; readonly link: Link } | { readonly reject: Reject };

/** Most bytes of the channel in one frame: with what is around them they stay below the smallest limit of a host. */
const maxFrameBytes = 65_000;

/** How long the host may take to end the call after our goodbye, in milliseconds. */
const lingerMs = 1000;

type FrameInit = NonNullable<MessageInitShape<typeof PluginFrameSchema>["frame"]>;

const frameOf = (frame: FrameInit): PluginFrame => create(PluginFrameSchema, { frame });

/**
 * Says Hello on a connected byte stream, which it owns, and resolves with the answer. Rejects when there is none in time, or the
 * connection fails; nothing is left open then.
 */
export async function openLink(stream: Duplex, init: LinkInit): Promise<HelloAnswer> {
  const link = new Link(stream, init);
  return link.greet();
}

/** One connection to a host on which a plugin is bound: control frames, the bytes of the channel, and log records. */
export class Link {
  readonly ended: Promise<LinkEnd>;
  readonly #init: LinkInit;
  readonly #channel: Channel;
  readonly #frames: FrameLink<PluginFrame>;
  readonly #incoming: AsyncIterator<HostFrame>;
  readonly #controller = new AbortController();
  readonly #resolveEnded: (end: LinkEnd) => void;
  #beats: Beats | undefined;
  #goodbye: Omit<Goodbye, "$typeName" | "$unknown"> | undefined;
  #hasLeft = false;
  #end: LinkEnd | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, init: LinkInit) {
    this.#init = init;
    let resolveEnded!: (end: LinkEnd) => void;
    this.ended = new Promise((resolve) => (resolveEnded = resolve));
    this.#resolveEnded = resolveEnded;
    this.#channel = createChannel(stream, { authority: init.authority });
    this.#frames = createFrameLink<PluginFrame>((value) => frameOf({ case: "bytes", value }), {
      maxFrameBytes,
      farewell: () => this.#farewell(),
    });
    // Whoever serves on it listens too; until then, and when nobody does, an error is told by `ended`.
    this.#frames.duplex.on("error", () => {});
    this.#frames.urgent(frameOf({ case: "hello", value: init.hello }));
    const client = createClient(Bind, this.#channel.transport);
    const call = client.attach(this.#frames.outgoing, { signal: this.#controller.signal });
    this.#incoming = call[Symbol.asyncIterator]();
  }

  /** The bytes of the channel. Destroying it is the end of the link, with a goodbye. */
  get duplex(): Duplex {
    return this.#frames.duplex;
  }

  /** Of the last heartbeat, in milliseconds. */
  get roundTripMs(): number | undefined {
    return this.#beats?.roundTripMs;
  }

  /** Sets what the goodbye will say when {@link duplex} is destroyed. */
  prepareGoodbye(reason: string, mayReturn: boolean): void {
    this.#goodbye = { reason, mayReturn };
  }

  /** Says goodbye now. What waits is dropped, log records aside. */
  leave(reason: string, mayReturn: boolean): void {
    this.prepareGoodbye(reason, mayReturn);
    this.#frames.duplex.destroy();
  }

  /** Ends everything at once. */
  destroy(cause: Error): void {
    this.#over({ kind: "lost", cause });
  }

  async greet(): Promise<HelloAnswer> {
    const { welcomeTimeoutMs, signal, describe } = this.#init;
    const abort = () => this.destroy(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    const timer = setTimeout(() => {
      this.destroy(new Error(`the host did not answer Hello within ${welcomeTimeoutMs} ms`));
    }, welcomeTimeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) abort();
      for (;;) {
        const { done, value } = await this.#incoming.next();
        if (this.#end?.kind === "lost") throw this.#end.cause;
        if (done === true) throw new Error("the host ended the call without an answer to Hello");
        const { frame } = value;
        if (frame.case === "describe") {
          const texts = frame.value.typeNames.map((typeName) => describe(typeName));
          this.#send({ case: "description", value: { texts } });
        } else if (frame.case === "reject") {
          this.#frames.close();
          this.#over({ kind: "left" });
          return { reject: frame.value };
        } else if (frame.case === "welcome") {
          checkWelcome(frame.value, this.#init.versions);
          this.#begin(frame.value);
          return { welcome: frame.value, link: this };
        } else {
          throw new Error(`the host answered Hello with the frame ${String(frame.case)}`);
        }
      }
    } catch (error) {
      const cause = this.#end?.kind === "lost" ? this.#end.cause : asError(error);
      this.destroy(cause);
      throw cause;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  #begin(welcome: Welcome): void {
    const { logs, onSuspect, onRecovered } = this.#init;
    const heartbeatMs = welcome.heartbeatMs || 5000;
    this.#beats = new Beats({
      heartbeatMs,
      deadAfterMs: welcome.deadAfterMs || heartbeatMs * 3,
      send: (id, busyMs) => this.#send({ case: "beat", value: { id, busyMs } }),
      onSuspect,
      onRecovered,
      onDead: (silentMs) => this.destroy(new Error(`nothing was heard of the host for ${Math.round(silentMs)} ms`)),
    });
    this.#setLevel(welcome.logLevel?.level);
    logs.attach({
      lastTaken: Number(welcome.lastLog),
      windowBytes: welcome.logWindowBytes,
      offer: (next) => this.#offerLogs(next),
    });
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#incoming.next();
        if (done === true) break;
        this.#beats?.heard();
        const wait = this.#receive(value);
        if (wait !== undefined) await this.#waitForReader(wait);
        if (this.#end !== undefined) return;
      }
      this.#over(this.#hasLeft ? { kind: "left" } : { kind: "lost", cause: new Error("the host ended the link") });
    } catch (error) {
      this.#over(this.#hasLeft ? { kind: "left" } : { kind: "lost", cause: asError(error) });
    }
  }

  #receive({ frame }: HostFrame): Promise<void> | undefined {
    switch (frame.case) {
      case "bytes": {
        const taken = this.#frames.receiveBytes(frame.value);
        return taken === true ? undefined : taken;
      }
      case "beat":
        this.#send({ case: "beatAnswer", value: { id: frame.value.id, busyMs: this.#beats?.takeBusyMs() ?? 0 } });
        return undefined;
      case "beatAnswer":
        this.#beats?.answered(frame.value);
        return undefined;
      case "logsTaken":
        this.#init.logs.taken(Number(frame.value.sequence));
        return undefined;
      case "logLevel":
        this.#setLevel(frame.value.level);
        return undefined;
      case "drain":
        this.#init.onDrain(frame.value);
        return undefined;
      case "goodbye":
        this.#over({ kind: "goodbye", reason: frame.value.reason, mayReturn: frame.value.mayReturn });
        return undefined;
      default:
        // A frame of a later version of the protocol, which can be passed over.
        return undefined;
    }
  }

  async #waitForReader(wait: Promise<void>): Promise<void> {
    this.#beats?.hold(true);
    await wait;
    this.#beats?.hold(false);
  }

  #send(frame: FrameInit): void {
    this.#frames.urgent(frameOf(frame));
  }

  #setLevel(level: Level | undefined): void {
    if (level !== undefined) this.#init.logs.setLevel(level);
  }

  #offerLogs(next: LogSpool["next"]): void {
    this.#frames.offerIdle(() => {
      const value = next();
      return value === undefined ? undefined : frameOf({ case: "logs", value });
    });
  }

  /** The last frame, once the byte stream is destroyed by who serves on it; none where the link is lost already. */
  #farewell(): PluginFrame | undefined {
    if (this.#end !== undefined) return undefined;
    const value = this.#goodbye ?? { reason: "the channel has ended", mayReturn: true };
    this.#hasLeft = true;
    // What was logged last goes before it.
    this.#offerLogs(this.#init.logs.next);
    this.#linger = setTimeout(() => this.#over({ kind: "left" }), lingerMs);
    return frameOf({ case: "goodbye", value });
  }

  #over(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#linger);
    this.#beats?.stop();
    this.#init.logs.detach();
    const cause = end.kind === "lost" ? end.cause : undefined;
    if (end.kind === "goodbye") {
      this.#frames.close();
      this.#frames.duplex.destroy();
    } else if (end.kind === "lost") {
      this.#frames.destroy(new ConnectError(`the link to the host was lost: ${end.cause.message}`, Code.Unavailable));
      this.#controller.abort(end.cause);
    }
    if (end.kind === "lost") this.#channel.destroy(cause);
    else void this.#closeChannel();
    this.#resolveEnded(end);
  }

  async #closeChannel(): Promise<void> {
    const timer = setTimeout(() => this.#channel.destroy(), lingerMs);
    await this.#channel.close();
    clearTimeout(timer);
  }
}

function checkWelcome({ protocol, contractVersion }: Welcome, versions: readonly number[]): void {
  if (protocol !== 1) throw new Error(`the host chose version ${protocol} of the bind protocol, which was not offered`);
  if (versions.includes(contractVersion)) return;
  throw new Error(`the host chose version ${contractVersion} of the contract, which was not offered`);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
