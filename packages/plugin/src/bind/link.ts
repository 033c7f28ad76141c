import type { Duplex } from "node:stream";
import type { Drain, Goodbye, HostFrame, Level, PluginFrame, Reject, Welcome } from "@tenon/core/bind";
import { type AttachCall, frameOf, openAttachCall } from "./attach-call.js";
import { Beats } from "./beats.js";
import { asError, greet, type GreetInit } from "./greet.js";
import type { LogSpool } from "./log-spool.js";

/** How a link ended. */
export type LinkEnd =
  | { readonly kind: "lost"; readonly cause: Error }
  | { readonly kind: "goodbye"; readonly reason: string; readonly mayReturn: boolean }
  /** Our own goodbye was the last word. */
  | { readonly kind: "left" };

/** What a link needs. */
export interface LinkInit extends GreetInit {
  readonly authority: string;
  readonly logs: LogSpool;
  readonly onDrain: (drain: Drain) => void;
  readonly onDrained: () => void;
  readonly onSuspect: (silentMs: number) => void;
  readonly onRecovered: (silentMs: number) => void;
}

/** What the host answered to a Hello. */
export type HelloAnswer = { readonly welcome: Welcome; readonly link: Link } | { readonly reject: Reject };

/** How long the host may take to end the call after our goodbye, in milliseconds. */
const lingerMs = 1000;

/**
 * Says Hello on a connected byte stream, which it owns, and resolves with the answer. Rejects when there is none in time, or the
 * connection fails; nothing is left open then.
 */
export async function openLink(stream: Duplex, init: LinkInit): Promise<HelloAnswer> {
  let link: Link | undefined;
  const call = openAttachCall(stream, init.authority, () => link?.farewell());
  const answer = await greet(call, init);
  if (answer.$typeName === "tenon.bind.v1.Reject") {
    call.close();
    return { reject: answer };
  }
  link = new Link(call, answer, init);
  return { welcome: answer, link };
}

/** One connection to a host on which a plugin is bound, from Welcome on: control frames, the bytes of the channel, and log records. */
export class Link {
  readonly ended: Promise<LinkEnd>;
  readonly #call: AttachCall;
  readonly #init: LinkInit;
  readonly #beats: Beats;
  readonly #resolveEnded: (end: LinkEnd) => void;
  #goodbye: Omit<Goodbye, "$typeName" | "$unknown"> | undefined;
  #hasLeft = false;
  #end: LinkEnd | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(call: AttachCall, welcome: Welcome, init: LinkInit) {
    this.#call = call;
    this.#init = init;
    let resolveEnded!: (end: LinkEnd) => void;
    this.ended = new Promise((resolve) => (resolveEnded = resolve));
    this.#resolveEnded = resolveEnded;
    const { logs, onSuspect, onRecovered } = init;
    const heartbeatMs = welcome.heartbeatMs || 5000;
    this.#beats = new Beats({
      heartbeatMs,
      deadAfterMs: welcome.deadAfterMs || heartbeatMs * 3,
      send: (id, busyMs) => call.send({ case: "beat", value: { id, busyMs } }),
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

  /** The bytes of the channel. Destroying it is the end of the link, with a goodbye. */
  get duplex(): Duplex {
    return this.#call.frames.duplex;
  }

  /** Of the last heartbeat, in milliseconds. */
  get roundTripMs(): number | undefined {
    return this.#beats.roundTripMs;
  }

  /** Sets what the goodbye will say when {@link duplex} is destroyed. */
  prepareGoodbye(reason: string, mayReturn: boolean): void {
    this.#goodbye = { reason, mayReturn };
  }

  /** Asks the host to begin no more calls, and to say when none is in flight. */
  askToDrain(reason: string, timeoutMs: number): void {
    this.#call.send({ case: "drain", value: { reason, timeoutMs } });
  }

  /** Says goodbye now. What waits is dropped, log records aside. */
  leave(reason: string, mayReturn: boolean): void {
    this.prepareGoodbye(reason, mayReturn);
    this.duplex.destroy();
  }

  /** Ends everything at once. */
  destroy(cause: Error): void {
    this.#over({ kind: "lost", cause });
  }

  /** The last frame, once the byte stream is destroyed by who serves on it; none where the link is lost already. */
  farewell(): PluginFrame | undefined {
    if (this.#end !== undefined) return undefined;
    const value = this.#goodbye ?? { reason: "the channel has ended", mayReturn: true };
    this.#hasLeft = true;
    // What was logged last goes before it.
    this.#offerLogs(this.#init.logs.next);
    this.#linger = setTimeout(() => this.#over({ kind: "left" }), lingerMs);
    return frameOf({ case: "goodbye", value });
  }

  async #read(): Promise<void> {
    let cause = new Error("the host ended the link");
    try {
      for (;;) {
        const { done, value } = await this.#call.incoming.next();
        if (done === true) break;
        this.#beats.heard();
        const wait = this.#receive(value);
        if (wait !== undefined) await this.#waitForReader(wait);
        if (this.#end !== undefined) return;
      }
    } catch (error) {
      cause = asError(error);
    }
    this.#over(this.#hasLeft ? { kind: "left" } : { kind: "lost", cause });
  }

  #receive({ frame }: HostFrame): Promise<void> | undefined {
    switch (frame.case) {
      case "bytes": {
        const taken = this.#call.frames.receiveBytes(frame.value);
        return taken === true ? undefined : taken;
      }
      case "beat":
        this.#call.send({ case: "beatAnswer", value: { id: frame.value.id, busyMs: this.#beats.takeBusyMs() } });
        return undefined;
      case "beatAnswer":
        this.#beats.answered(frame.value);
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
      case "drained":
        this.#init.onDrained();
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
    this.#beats.hold(true);
    await wait;
    this.#beats.hold(false);
  }

  #setLevel(level: Level | undefined): void {
    if (level !== undefined) this.#init.logs.setLevel(level);
  }

  #offerLogs(next: LogSpool["next"]): void {
    this.#call.frames.offerIdle(() => {
      const value = next();
      return value === undefined ? undefined : frameOf({ case: "logs", value });
    });
  }

  #over(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    clearTimeout(this.#linger);
    this.#beats.stop();
    this.#init.logs.detach();
    if (end.kind === "lost") this.#call.destroy(end.cause);
    else this.#call.close();
    this.#resolveEnded(end);
  }
}
