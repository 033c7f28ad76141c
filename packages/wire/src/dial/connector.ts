import type { Duplex } from "node:stream";
import { Code, ConnectError } from "@connectrpc/connect";
import { ClientConnection, type ClientConnectionOwner } from "../client/client-connection.js";
import { Loss } from "../client/loss.js";
import type { PendingCall } from "../client/pending-call.js";
import { Counters } from "../diagnostics/counters.js";
import type { CloseReason } from "../http2/close-reason.js";
import { ErrorCode } from "../http2/constants.js";
import { tooManyPings } from "../http2/keepalive.js";
import { Attempt } from "./attempt.js";
import { Backoff } from "./backoff.js";
import type { DialStats } from "./dialed-channel.js";
import { IdleWatch } from "./idle-watch.js";
import type { DialOptions } from "./options.js";
import { StateHolder } from "./state.js";
import type { WaitingCalls } from "./waiting-calls.js";

/**
 * So many connections in a row that end before the first back-off is over are no reason to back off. A server that is
 * replaced may end one, even before it has said a word: it was in its backlog.
 */
const forgivenQuickEnds = 1;

/** Has the connections of one channel: one that takes calls at most, and any number that only end what they have. */
export class Connector implements ClientConnectionOwner {
  readonly state = new StateHolder();
  readonly closed: Promise<CloseReason>;
  readonly loss: Loss;
  /** Takes calls. */
  current: ClientConnection | undefined;
  closeReason: CloseReason | undefined;
  readonly #connect: (signal: AbortSignal) => Promise<Duplex> | Duplex;
  readonly #options: DialOptions;
  readonly #waiting: WaitingCalls;
  readonly #mayWait: (call: PendingCall) => boolean;
  readonly #backoff: Backoff;
  readonly #initialBackoffMs: number;
  readonly #idleTimeoutMs: number;
  /** Connections that end when their calls have. */
  readonly #retired = new Set<ClientConnection>();
  readonly #counters = new Counters();
  #keepaliveTimeMs: number | undefined;
  #connections = 0;
  #failures = 0;
  #quickEnds = 0;
  #attempt: Attempt | undefined;
  /** The server has not answered yet. */
  #greeting: ClientConnection | undefined;
  /** Whether the byte stream of the attempt has reached somebody. */
  #isLinked = false;
  #startedAt = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #idle: IdleWatch | undefined;
  /** Why there is no connection. */
  #lastLoss: CloseReason = { kind: "lost", message: "no attempt has been made" };
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(
    connect: (signal: AbortSignal) => Promise<Duplex> | Duplex,
    options: DialOptions,
    waiting: WaitingCalls,
    mayWait: (call: PendingCall) => boolean,
  ) {
    this.#connect = connect;
    this.#options = options;
    this.loss = new Loss(options.explainLoss);
    this.#waiting = waiting;
    this.#mayWait = mayWait;
    this.#keepaliveTimeMs = options.keepaliveTimeMs;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 1_800_000;
    this.#initialBackoffMs = options.initialBackoffMs ?? 1000;
    this.#backoff = new Backoff({
      initialBackoffMs: this.#initialBackoffMs,
      backoffMultiplier: options.backoffMultiplier ?? 1.6,
      backoffJitter: options.backoffJitter ?? 0.2,
      maxBackoffMs: options.maxBackoffMs ?? Math.max(120_000, this.#initialBackoffMs),
    });
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  /** Calls that have a stream. */
  get inFlight(): number {
    let count = this.current?.connection.streams.size ?? 0;
    for (const { connection } of this.#retired) count += connection.streams.size;
    return count;
  }

  stats(): Omit<DialStats, "retries"> {
    const total = new Counters().add(this.#counters);
    for (const client of [this.#greeting, this.current, ...this.#retired]) {
      if (client !== undefined) total.add(client.connection.counters);
    }
    return { ...total.snapshot(), connections: this.#connections, failures: this.#failures };
  }

  /** Fails calls because there is no connection. */
  failUnavailable(calls: Iterable<PendingCall>): void {
    const { message, cause } = this.#lastLoss;
    for (const call of calls) {
      this.loss.fail(this.#lastLoss, { message: `cannot connect: ${message}`, cause }, (error) => call.fail(error));
    }
  }

  /** Somebody began or ceased to wait: does what the state allows for them. */
  needChanged(): void {
    const { current } = this;
    if (current !== undefined) {
      if (!current.connection.exhausted) this.#waiting.begin(current);
      if (current === this.current && current.connection.exhausted) this.#retire(current);
    } else if (this.state.current === "backoff") {
      // Only somebody who waits may keep the process alive for the next attempt.
      if (this.#waiting.isNeeded) this.#retryTimer?.ref();
      else this.#retryTimer?.unref();
    }
    if (this.state.current === "idle" && this.#waiting.isNeeded) this.#startAttempt();
  }

  close(reason: CloseReason): Promise<CloseReason> {
    if (this.closeReason !== undefined) return this.closed;
    this.closeReason = reason;
    this.#attempt?.cancel(new Error(reason.message));
    this.#attempt = undefined;
    clearTimeout(this.#retryTimer);
    const { current } = this;
    const greeting = this.#greeting;
    this.#greeting = undefined;
    this.#dropCurrent();
    this.state.move("closed");
    this.#waiting.failAll(new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason.cause));
    if (greeting !== undefined) {
      this.#retired.add(greeting);
      greeting.connection.destroy(reason);
    }
    current?.connection.drain();
    this.#settleClosed();
    return this.closed;
  }

  destroy(reason: CloseReason): void {
    void this.close(reason);
    for (const { connection } of this.#retired) connection.destroy(reason);
  }

  onRoom(client: ClientConnection): void {
    if (client === this.current) {
      if (this.#waiting.size > 0 || client.connection.exhausted) this.needChanged();
    } else if (client === this.#greeting && !client.connection.exhausted) {
      this.#becomeReady(client);
    }
  }

  onClosed(reason: CloseReason, client: ClientConnection): void {
    this.#counters.add(client.connection.counters);
    if (reason.goaway?.errorCode === ErrorCode.enhanceYourCalm && reason.goaway.debug === tooManyPings) {
      // As gRPC asks of clients: the next connection sends half as many.
      if (this.#keepaliveTimeMs !== undefined) this.#keepaliveTimeMs *= 2;
    }
    if (client === this.#greeting) {
      this.#greeting = undefined;
      this.#attempt?.fail(new Error(reason.message, { cause: reason.cause }));
    } else if (client === this.current) {
      this.#dropCurrent();
      this.#retired.delete(client);
      if (reason.kind === "closed") this.#rest();
      else this.#ended(new Error(reason.message, { cause: reason.cause }));
    } else {
      this.#retired.delete(client);
      this.#settleClosed();
    }
  }

  #startAttempt(): void {
    if (this.state.current !== "connecting") this.state.move("connecting");
    this.#isLinked = false;
    this.#attempt = new Attempt(
      async (signal) => this.#connect(signal),
      this.#options.connectTimeoutMs ?? 20_000,
      (stream) => this.#greet(stream),
      (error) => this.#attemptFailed(error),
    );
    this.#startedAt = this.#attempt.startedAt;
  }

  #greet(stream: Duplex): void {
    const keepaliveTimeMs = this.#keepaliveTimeMs;
    const options = keepaliveTimeMs === undefined ? this.#options : { ...this.#options, keepaliveTimeMs };
    if ("connecting" in stream && stream.connecting === true) stream.once("connect", () => (this.#isLinked = true));
    else this.#isLinked = true;
    this.#greeting = new ClientConnection(stream, options, this);
  }

  #attemptFailed(error: Error): void {
    const greeting = this.#greeting;
    this.#attempt = undefined;
    this.#greeting = undefined;
    if (greeting !== undefined) {
      this.#retired.add(greeting);
      greeting.connection.destroy({ kind: "closed", message: error.message });
    }
    // With a connection in its hands an attempt fails by its time: that is no quick end.
    if (greeting === undefined && this.#isLinked && this.#isQuick() && ++this.#quickEnds <= forgivenQuickEnds) {
      this.#failures++;
      this.#lastLoss = { kind: "lost", message: error.message, cause: error };
      this.#startAttempt();
    } else {
      this.#backOff(error);
    }
  }

  #becomeReady(client: ClientConnection): void {
    this.#attempt?.done();
    this.#attempt = undefined;
    this.#greeting = undefined;
    this.#connections++;
    this.current = client;
    this.state.move("ready");
    if (this.#idleTimeoutMs > 0) {
      this.#idle = new IdleWatch(client.connection, this.#idleTimeoutMs, () => {
        if (this.current === client) this.#retire(client);
      });
    }
    this.#waiting.begin(client);
  }

  /** The connection takes no more calls: those that it has go on, the next ones get another. */
  #retire(client: ClientConnection): void {
    const isOurs = !client.connection.goneAway;
    this.#dropCurrent();
    if (isOurs) {
      client.connection.drain();
      this.#rest();
    } else {
      this.#ended(new Error("the server is going away"));
    }
  }

  /** There is no connection, by our will: it had no calls, or as many as it can have. */
  #rest(): void {
    this.#quickEnds = 0;
    this.state.move("idle");
    this.needChanged();
  }

  #dropCurrent(): void {
    if (this.current === undefined) return;
    this.#idle?.stop();
    this.#retired.add(this.current);
    this.current = undefined;
  }

  /** The connection that took calls takes none any more, by the peer's will. */
  #ended(error: Error): void {
    this.#quickEnds = this.#isQuick() ? this.#quickEnds + 1 : 0;
    if (this.#quickEnds > forgivenQuickEnds) return this.#backOff(error);
    this.#backoff.reset();
    this.state.move("idle");
    this.needChanged();
  }

  /** Whether what ends now has lasted shorter than the first back-off. */
  #isQuick(): boolean {
    return performance.now() - this.#startedAt < this.#initialBackoffMs;
  }

  #backOff(error: Error): void {
    this.#failures++;
    this.#lastLoss = { kind: "lost", message: error.message, cause: error };
    this.state.move("backoff");
    const elapsedMs = performance.now() - this.#startedAt;
    const waitMs = Math.min(Math.max(0, this.#backoff.next() - elapsedMs), 0x7fffffff);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.#waiting.isNeeded) this.#startAttempt();
      else this.state.move("idle");
    }, waitMs);
    this.failUnavailable(this.#waiting.take((call) => !this.#mayWait(call)));
    this.needChanged();
  }

  #settleClosed(): void {
    if (this.closeReason !== undefined && this.#retired.size === 0) this.#resolveClosed(this.closeReason);
  }
}
