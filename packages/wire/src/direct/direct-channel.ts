import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { interceptTransport } from "../client/interceptors.js";
import { type PingOptions, pingWithin } from "../client/ping.js";
import type { CloseReason } from "../http2/close-reason.js";
import { Pings } from "../http2/pings.js";
import { type DirectMethod, DirectMethods } from "./direct-methods.js";
import { type CallTargets, DirectTransport } from "./direct-transport.js";
import { DirectTurns } from "./direct-turns.js";
import { checkDirectOptions, type DirectOptions, type DirectService } from "./options.js";
import { byCopy, byReference } from "./passage.js";
import { type CallTools, ServiceCalls } from "./service-calls.js";

/** A channel without bytes: its calls are calls of functions. */
export interface DirectChannel extends AsyncDisposable {
  /** For `createClient`, ours or that of Connect-ES. */
  readonly transport: Transport;
  /** Resolves when the channel has ended, however it did. */
  readonly closed: Promise<CloseReason>;
  /** Calls that have begun and not ended. */
  readonly inFlight: number;
  /** One turn of the event loop in milliseconds, which is what a call would wait for. Rejects when the channel ends, the signal aborts or the time is over. */
  ping(options?: PingOptions): Promise<number>;
  /**
   * Puts other implementations in the place of those that are there. Calls that come from now on run on the new ones, those in flight end
   * on the old ones; an implementation that is in both lists stays. Resolves when no call runs on what has been replaced; the channel holds
   * nothing of it then. It never rejects.
   *
   * @throws {@link TenonError} `option-invalid`, and `session-closed` when the channel takes no more calls: both at once
   */
  replace(services: readonly DirectService[]): Promise<void>;
  /** No new calls, which fail with UNAVAILABLE and this cause; resolves when those in flight have ended. */
  close(cause?: Error): Promise<CloseReason>;
  /** Ends now: calls in flight fail with UNAVAILABLE, and the signals of their handlers abort. */
  destroy(cause?: Error): void;
}

/**
 * Makes a channel to implementations in this process. Handlers are called with the caller's stack, before the call returns, and get
 * and give the very objects of the other side unless `copy` is set; all else is as over the wire: the four kinds of methods, errors,
 * metadata, deadlines, cancellation, and a stream's messages come as fast as they are taken, never faster.
 *
 * What cannot be contained without a thread or a process: a handler that blocks keeps the whole process waiting, its own deadline too,
 * and what it does to the process it does to its caller.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createDirectChannel(services: readonly DirectService[], options: DirectOptions = {}): DirectChannel {
  checkDirectOptions(options);
  return new ImplementationChannel(services, options);
}

class ImplementationChannel implements DirectChannel, CallTargets {
  readonly transport: Transport;
  readonly closed: Promise<CloseReason>;
  readonly #tools: CallTools;
  /** By the implementation whose calls they are. */
  #current: ReadonlyMap<object, ServiceCalls> = new Map();
  /** Of implementations that were replaced while calls ran on them. */
  readonly #replaced = new Set<ServiceCalls>();
  #methods: DirectMethods;
  /** Why there are no new calls. */
  #closing: string | undefined;
  #cause: Error | undefined;
  #end: CloseReason | undefined;
  readonly #pings = new Pings((payload) =>
    setImmediate(() => this.#pings.answered(Buffer.from(payload).readBigUInt64BE())),
  );
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(services: readonly DirectService[], options: DirectOptions) {
    const { copy = false, contextValues, interceptors = [], defaultTimeoutMs, metadata } = options;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#tools = { passage: copy ? byCopy() : byReference, turns: new DirectTurns(), copies: copy, contextValues };
    this.#methods = this.#open(services);
    const bare = new DirectTransport(this, defaultTimeoutMs, metadata);
    this.transport = interceptors.length === 0 ? bare : interceptTransport(bare, interceptors, "localhost");
  }

  get inFlight(): number {
    let count = 0;
    for (const calls of this.#all()) count += calls.size;
    return count;
  }

  find(method: DescMethod): DirectMethod {
    if (this.#closing !== undefined) {
      throw new ConnectError(
        `the call was not sent: ${this.#closing}`,
        Code.Unavailable,
        undefined,
        undefined,
        this.#cause,
      );
    }
    return this.#methods.find(method);
  }

  ping(options: PingOptions = {}): Promise<number> {
    return pingWithin(this.#pings, options);
  }

  replace(services: readonly DirectService[]): Promise<void> {
    if (this.#closing !== undefined) {
      throw new TenonError("session-closed", `Nothing can be replaced: ${this.#closing}. Start a new instance.`);
    }
    const before = this.#current;
    this.#methods = this.#open(services);
    const replaced = [...before].filter(([implementation]) => !this.#current.has(implementation));
    return this.#drain(replaced.map(([, calls]) => calls));
  }

  close(cause?: Error): Promise<CloseReason> {
    if (this.#closing === undefined) {
      this.#closing = "the channel was closed";
      this.#cause = cause;
    }
    void Promise.all(this.#all().map((calls) => calls.drained())).then(() => {
      this.#finish({ kind: "closed", message: "the channel was closed", cause });
    });
    return this.closed;
  }

  destroy(cause?: Error): void {
    const message = cause === undefined ? "the channel was destroyed" : `the channel was destroyed: ${cause.message}`;
    if (this.#end !== undefined) return;
    this.#closing = message;
    this.#cause = cause;
    const all = this.#all();
    this.#finish({ kind: "closed", message, cause });
    for (const calls of all) {
      for (const call of calls.all()) {
        call.fail(new ConnectError(message, Code.Unavailable, undefined, undefined, cause));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #finish(reason: CloseReason): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#pings.fail(reason.message);
    this.#resolveClosed(reason);
    // Whoever still holds the transport holds no implementation by it.
    this.#methods = this.#open([]);
    this.#replaced.clear();
  }

  async #drain(replaced: readonly ServiceCalls[]): Promise<void> {
    await Promise.all(
      replaced.map(async (calls) => {
        this.#replaced.add(calls);
        await calls.drained();
        this.#replaced.delete(calls);
      }),
    );
  }

  #all(): readonly ServiceCalls[] {
    return [...this.#current.values(), ...this.#replaced];
  }

  /** The calls of an implementation that is there already stay where they are. */
  #open(services: readonly DirectService[]): DirectMethods {
    const before = this.#current;
    const current = new Map<object, ServiceCalls>();
    const methods = new DirectMethods(services, ({ implementation }) => {
      const calls = current.get(implementation) ?? before.get(implementation) ?? new ServiceCalls(this.#tools);
      current.set(implementation, calls);
      return calls;
    });
    this.#current = current;
    return methods;
  }
}
