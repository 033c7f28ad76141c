import type { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Drain, HostFrame, Logs, PluginFrame } from "@tenon/core/bind";
import { createFrameLink, type FrameLink } from "@tenon/wire";
import { createDeferred } from "../async/deferred.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import { hostFrames } from "./frames.js";

/** A link whose other side does not take its last frame is cut off after this time. */
const lingerMs = 500;
/** A plugin whose channel has ended in order has this time for its goodbye: gRPC servers wait a second for the host to hang up first. */
const goodbyeMs = 2000;
/** Heartbeats that were not answered and are still remembered. */
const maxBeats = 16;

/** Who is told of what happens on a link. */
export interface LinkOwner {
  /** Log records came. */
  onLogs(logs: Logs): void;
  /** The plugin spoke; `busyMs` is how long it says it had no time to. */
  onHeard(busyMs: number): void;
  /** The plugin wants to leave, and asks for the host's part. */
  onDrain(drain: Drain): void;
  /** The channel on it has ended in order: it cannot be called any more, and is about to leave. Told once, before `onEnd`. */
  onLeaving(): void;
  /** The link has ended. Told once. */
  onEnd(end: LinkEnd): void;
}

/** How a link ended. */
export interface LinkEnd {
  readonly reason: string;
  /** Whether one of the sides wanted it, with a Goodbye; else the link was lost. */
  readonly isWanted: boolean;
}

/** One connection of a plugin, from its Attach call to the end of that. It alone ends it. */
export class BoundLink {
  readonly #frames: FrameLink<HostFrame>;
  readonly #exit = createDeferred<ExitFacts>();
  readonly #beats = new Map<bigint, number>();
  readonly #cutOff: () => void;
  #owner: LinkOwner | undefined;
  /** Of the wait for the goodbye, then for the other side to take the last frame. */
  #timer: NodeJS.Timeout | undefined;
  #isReady = false;
  #isLeaving = false;
  #refusal: ConnectError | undefined;
  #isDrained = false;
  #hasEnded = false;
  #isOver = false;
  #nextBeat = 1n;
  #heardAt = performance.now();
  #rttMs: number | undefined;

  /** @param cutOff - ends the connection beneath, for a plugin that does not read */
  constructor(cutOff: () => void) {
    this.#cutOff = cutOff;
    this.#frames = createFrameLink(hostFrames.bytes, { outlivesDuplex: true });
    const onEnd = (): void => this.#onChannelEnd();
    this.duplex.once("finish", onEnd).once("close", onEnd);
    // The channel on it tells whoever uses it; before there is one nobody else listens.
    this.duplex.on("error", () => {});
  }

  get outgoing(): AsyncIterable<HostFrame> {
    return this.#frames.outgoing;
  }

  get duplex(): Duplex {
    return this.#frames.duplex;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The channel has ended in order, and the goodbye has not come. */
  get isLeaving(): boolean {
    return this.#isLeaving && !this.#hasEnded;
  }

  /** A session was made on it. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Why no call may begin on it any more; undefined while calls may. */
  get refusal(): ConnectError | undefined {
    return this.#refusal;
  }

  /** When the last frame came, on the clock of `performance.now`. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The last round trip of a heartbeat, in milliseconds. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** Resolves when the link has ended; what a launcher calls the end of its instance. */
  get exited(): Promise<ExitFacts> {
    return this.#exit.promise;
  }

  /** The plugin is in: from now on `owner` is told. */
  own(owner: LinkOwner, welcome: HostFrame): void {
    this.#owner = owner;
    this.#heardAt = performance.now();
    this.#frames.urgent(welcome);
  }

  /** A session was made on it: when its channel ends, the link does. Before that whoever cannot make one ends it. */
  ready(): void {
    this.#isReady = true;
    if (this.duplex.writableFinished || this.duplex.destroyed) this.#onChannelEnd();
  }

  /** Sends a frame before everything else. */
  send(frame: HostFrame): void {
    this.#frames.urgent(frame);
  }

  /** Refuses the plugin. Not after `own`. */
  refuse(reject: HostFrame): void {
    this.#hasEnded = true;
    this.#frames.close(reject);
    this.#startLinger();
  }

  /** Sends a heartbeat. */
  beat(busyMs: number): void {
    const id = this.#nextBeat++;
    if (this.#beats.size >= maxBeats) this.#beats.clear();
    this.#beats.set(id, performance.now());
    this.#frames.urgent(hostFrames.beat(id, busyMs));
  }

  /** No call begins on it from now on; those in flight go on. */
  refuseCalls(reason: string): void {
    this.#refusal ??= new ConnectError(
      `the call was not sent: the plugin is about to leave: ${reason}`,
      Code.Unavailable,
    );
  }

  /** Tells the plugin, once, that no call is in flight and none will come. */
  tellDrained(): void {
    if (this.#isDrained) return;
    this.#isDrained = true;
    this.#frames.urgent(hostFrames.drained());
  }

  /** The host itself had no time to listen: that silence is not the plugin's. */
  excuse(ms: number): void {
    this.#heardAt = Math.min(performance.now(), this.#heardAt + ms);
  }

  /** Takes a frame of a plugin that is in. A promise is to be waited for before the next one. */
  receive({ frame }: PluginFrame, busyMs: number): true | Promise<void> {
    this.#heardAt = performance.now();
    this.#owner?.onHeard(frame.case === "beat" ? frame.value.busyMs : 0);
    switch (frame.case) {
      case "bytes":
        return this.#frames.receiveBytes(frame.value);
      case "beat":
        this.#frames.urgent(hostFrames.beatAnswer(frame.value.id, busyMs));
        return true;
      case "beatAnswer": {
        const sentAt = this.#beats.get(frame.value.id);
        this.#beats.delete(frame.value.id);
        if (sentAt !== undefined) this.#rttMs = this.#heardAt - sentAt;
        return true;
      }
      case "logs":
        this.#owner?.onLogs(frame.value);
        return true;
      case "drain":
        this.#owner?.onDrain(frame.value);
        return true;
      case "goodbye":
        this.#leave(frame.value.reason === "" ? "the plugin said goodbye" : frame.value.reason);
        return true;
      case "hello":
        this.end({ reason: "it said Hello twice", isWanted: false }, hostFrames.goodbye("Hello comes once", false));
        return true;
      // What later versions have is skipped, and so is an answer to a question that was not asked.
      default:
        return true;
    }
  }

  /** Ends the link at once: calls on it fail. `last` is the last frame that the plugin gets. */
  end(end: LinkEnd, last?: HostFrame): void {
    if (this.#hasEnded) return;
    this.#end(end);
    this.#frames.cut(last, new ConnectError(end.reason, Code.Unavailable));
    this.#startLinger();
  }

  /** The Attach call is over; nothing goes out any more but what `fault` the plugin has made, as the status of the call. */
  over(why: string, fault?: ConnectError): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (fault === undefined) this.end({ reason: why, isWanted: false });
    else if (!this.#hasEnded) this.#end({ reason: why, isWanted: false });
    this.#frames.destroy(fault);
  }

  #end(end: LinkEnd): void {
    this.#hasEnded = true;
    // Before the bytes end: whoever asks why they have ended finds the reason.
    this.#exit.resolve({ exitCode: null, signal: null, error: new Error(end.reason) });
    this.#owner?.onEnd(end);
  }

  #onChannelEnd(): void {
    if (this.#hasEnded) return;
    const lost = (reason: string): void => this.end({ reason, isWanted: false }, hostFrames.goodbye(reason, true));
    if (this.duplex.errored) return lost(`the channel ended: ${this.duplex.errored.message}`);
    if (this.#isLeaving || !this.#isReady) return;
    this.#isLeaving = true;
    this.#owner?.onLeaving();
    this.#timer = setTimeout(() => lost("the channel ended"), goodbyeMs);
  }

  /** The plugin has sent all it had: its answers may still be unread. */
  #leave(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#exit.resolve({ exitCode: 0, signal: null });
    this.#owner?.onEnd({ reason, isWanted: true });
    this.#frames.endBytes();
    this.#frames.close();
    this.#startLinger();
  }

  #startLinger(): void {
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    this.#timer = setTimeout(() => {
      this.#frames.destroy();
      this.#cutOff();
    }, lingerMs);
  }
}
