import { setMaxListeners } from "node:events";
import { isTenonError, TenonError } from "@tenon/core";
import type { Drain, Reject, Welcome } from "@tenon/core/bind";
import type { Logger } from "../log/logger.js";
import { tapLogger } from "../log/tap.js";
import { checkNumber } from "../serve/serve-options.js";
import { BindBackoff } from "./backoff.js";
import { Dialer } from "./dialer.js";
import { type BindCloseReason, type BindEvent, createTeller, messageOf } from "./events.js";
import { type BindState, type BoundLink, type BoundPluginHandle, bindTransitions } from "./handle.js";
import type { HelloAnswer, Link } from "./link.js";
import { LogSpool } from "./log-spool.js";
import type { Offer, Served } from "./offer.js";
import type { DialInOptions, DialInSettings } from "./options.js";
import { sleep } from "./wait.js";

/** What a binding is made of. */
export interface BindingInit {
  readonly options: DialInOptions;
  readonly settings: DialInSettings;
  readonly logger: Logger;
  /** Gives what is offered, before each attempt. What it throws is the end. */
  readonly prepare: (signal: AbortSignal) => Promise<Offer> | Offer;
}

interface CurrentLink {
  readonly link: Link;
  readonly welcome: Welcome;
  served: Served | undefined;
  /** The host has said that it has no call in flight. */
  isDrained: boolean;
}

/** Resolves when the host has welcomed the plugin, and keeps it bound from then on. */
export function startBinding(init: BindingInit): Promise<BoundPluginHandle> {
  return new Binding(init).start();
}

class Binding implements BoundPluginHandle {
  readonly name: string;
  readonly instance: string;
  readonly logger: Logger;
  readonly closed: Promise<BindCloseReason>;
  readonly #init: BindingInit;
  readonly #logs: LogSpool;
  readonly #untap: (() => void) | undefined;
  readonly #backoff: BindBackoff;
  readonly #dialer: Dialer;
  readonly #tell: (event: BindEvent) => void;
  /** Aborts when nothing further is to be attempted. */
  readonly #leaving = new AbortController();
  #resolveClosed!: (reason: BindCloseReason) => void;
  #state: BindState = "connecting";
  #bindings = 0;
  #current: CurrentLink | undefined;
  /** Why it leaves, once it does. */
  #exit: Omit<BindCloseReason, "drained"> | undefined;
  #drainTimeoutMs = 0;
  /** Aborts when what is offered has gone. */
  #gone: AbortSignal | undefined;

  constructor(init: BindingInit) {
    const { options, settings, logger } = init;
    this.#init = init;
    this.name = settings.name;
    this.instance = settings.instance;
    this.logger = logger;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#logs = new LogSpool(settings.logBufferBytes);
    this.#untap = tapLogger(logger, this.#logs);
    this.#backoff = new BindBackoff(settings.minBackoffMs, settings.maxBackoffMs);
    this.#tell = createTeller(logger, options.onEvent);
    this.#dialer = new Dialer({
      options,
      settings,
      logger,
      logs: this.#logs,
      handlers: {
        onDrain: (drain) => this.#drainForHost(drain),
        onDrained: () => this.#drained(),
        onSuspect: (silentMs) => this.#tell({ type: "suspect", silentMs }),
        onRecovered: (silentMs) => this.#tell({ type: "recovered", silentMs }),
      },
      signal: this.#leaving.signal,
    });
  }

  get state(): BindState {
    return this.#state;
  }

  get link(): BoundLink | undefined {
    if (this.#current === undefined) return undefined;
    const { link, welcome } = this.#current;
    const { session, host, contractVersion } = welcome;
    return { session, host, contractVersion, epoch: this.#dialer.epoch, roundTripMs: link.roundTripMs };
  }

  get logCounts() {
    return this.#logs.counts;
  }

  async start(): Promise<BoundPluginHandle> {
    const { signal } = this.#init.options;
    // One signal for many plugins is no leak, and Node would warn of one at the eleventh.
    if (signal !== undefined) setMaxListeners(0, signal);
    signal?.addEventListener("abort", this.#abort, { once: true });
    if (signal?.aborted === true) this.#abort();
    const bound = new Promise<void>((resolve) => (this.#onFirst = resolve));
    void this.#run();
    const early = await Promise.race([bound, this.closed]);
    if (early === undefined) return this;
    throw early.cause ?? new TenonError("bind-rejected", early.reason, { plugin: this.name });
  }

  async close({ drainTimeoutMs = this.#init.settings.drainTimeoutMs, reason = "the plugin was closed" } = {}) {
    checkNumber("drainTimeoutMs", drainTimeoutMs);
    this.#leave("plugin", { kind: "closed", reason }, drainTimeoutMs);
    return this.closed;
  }

  destroy(): void {
    this.#abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onFirst: () => void = () => {};

  readonly #abort = (): void => {
    if (this.#state === "closed") return;
    const cause: unknown = this.#init.options.signal?.reason;
    this.#exit ??= { kind: "aborted", reason: "the plugin was aborted", ...(cause !== undefined && { cause }) };
    this.#leaving.abort();
    this.#current?.link.destroy(new Error("the plugin was aborted"));
  };

  /** One attempt after the other, until there is a reason to end. */
  async #run(): Promise<void> {
    for (;;) {
      const reason = await this.#once();
      if (reason !== undefined) return this.#finish(reason);
      this.#move("connecting");
    }
  }

  async #once(): Promise<BindCloseReason | undefined> {
    let offer: Offer;
    try {
      offer = await this.#init.prepare(this.#leaving.signal);
      this.#gone = offer.gone;
    } catch (cause) {
      return this.#left() ?? { kind: "exited", reason: messageOf(cause), drained: true, cause };
    }
    if (this.#exit !== undefined) return this.#left();
    let answer: HelloAnswer;
    try {
      answer = await this.#dialer.dial(offer);
    } catch (cause) {
      const isLasting = isTenonError(cause, "token-unreadable") || isTenonError(cause, "websocket-missing");
      if (this.#exit === undefined && this.#bindings === 0 && isLasting)
        return { kind: "rejected", reason: cause.message, drained: true, cause };
      return this.#retry((retryInMs) => ({ type: "unreachable", cause, retryInMs }));
    }
    if ("reject" in answer) return this.#rejected(answer.reject);
    return this.#serve(offer, answer.welcome, answer.link);
  }

  async #rejected({ code, reason, field, retryable }: Reject): Promise<BindCloseReason | undefined> {
    if (retryable) {
      const isBusy = code === "host-busy";
      return this.#retry((retryInMs) => ({ type: "rejected", code, reason, field, retryInMs }), isBusy);
    }
    this.#tell({ type: "rejected", code, reason, field });
    const where = field === "" ? "" : ` (field ${field} of Hello)`;
    const cause = new TenonError(
      "bind-rejected",
      `The host at ${this.#init.options.to} refuses the plugin "${this.name}": ${code}${where}: ${reason}`,
      { plugin: this.name, facts: { code, reason, field, to: this.#init.options.to } },
    );
    return this.#left() ?? { kind: "rejected", code, reason: cause.message, drained: true, cause };
  }

  /** As long as one link is there. */
  async #serve(offer: Offer, welcome: Welcome, link: Link): Promise<BindCloseReason | undefined> {
    const beganMs = performance.now();
    const current: CurrentLink = { link, welcome, served: undefined, isDrained: false };
    this.#current = current;
    this.#backoff.welcomed();
    this.#move("bound");
    let served: Served;
    try {
      const goodbye = (reason: string, mayReturn: boolean) => link.prepareGoodbye(reason, mayReturn);
      served = await offer.serve(link.duplex, welcome, goodbye);
    } catch (cause) {
      const reason = `the plugin cannot be served: ${messageOf(cause)}`;
      link.leave(reason, false);
      await link.ended;
      return this.#left() ?? { kind: "exited", reason, drained: true, cause };
    }
    current.served = served;
    // It may have been lost while there was nothing to serve on it.
    if (!link.duplex.destroyed) this.#bound(welcome);
    // It may have been asked for while there was nothing to drain.
    if (this.#exit !== undefined) this.#drain();
    const [end, servedEnd] = await Promise.all([link.ended, served.ended]);
    this.#current = undefined;
    const left = this.#left(servedEnd.drained);
    if (left !== undefined) return left;
    const { drained, reason, cause } = servedEnd;
    if (servedEnd.kind !== "ended")
      return { kind: servedEnd.kind, reason, drained, ...(cause !== undefined && { cause }) };
    if (end.kind === "goodbye" && !end.mayReturn) return { kind: "dismissed", reason: end.reason, drained };
    this.#backoff.ended(performance.now() - beganMs);
    return this.#retry((retryInMs) => {
      if (end.kind === "lost") return { type: "lost", reason: end.cause.message, cause: end.cause, retryInMs };
      return { type: "lost", reason: end.kind === "goodbye" ? end.reason : reason, retryInMs };
    });
  }

  #bound({ session, host, contractVersion }: Welcome): void {
    const isResumed = this.#bindings++ > 0;
    this.#tell({ type: "bound", session, host, epoch: this.#dialer.epoch, contractVersion, isResumed });
    this.#onFirst();
  }

  /** Waits for the next attempt. */
  async #retry(describe: (retryInMs: number) => BindEvent, isBusy = false): Promise<BindCloseReason | undefined> {
    if (this.#exit !== undefined) return this.#left();
    const retryInMs = Math.round(this.#backoff.next(performance.now(), isBusy));
    this.#move("waiting");
    this.#tell(describe(retryInMs));
    await sleep(retryInMs, this.#leaving.signal, this.#gone);
    return this.#left();
  }

  #left(drained = true): BindCloseReason | undefined {
    return this.#exit && { ...this.#exit, drained };
  }

  #drainForHost({ reason, timeoutMs }: Drain): void {
    const { drainTimeoutMs } = this.#init.settings;
    this.#leave("host", { kind: "drained", reason }, Math.min(timeoutMs, drainTimeoutMs));
  }

  #leave(by: "host" | "plugin", exit: Omit<BindCloseReason, "drained">, drainTimeoutMs: number): void {
    if (this.#exit !== undefined || this.#state === "closed") return;
    this.#exit = exit;
    this.#drainTimeoutMs = drainTimeoutMs;
    this.#tell({ type: "draining", reason: exit.reason, by });
    this.#leaving.abort();
    if (this.#state === "bound") this.#move("draining");
    if (by === "plugin") this.#current?.link.askToDrain(exit.reason, Math.ceil(drainTimeoutMs));
    this.#drain();
  }

  #drain(): void {
    const { link, served, isDrained } = this.#current ?? {};
    if (link === undefined || served === undefined || this.#exit === undefined) return;
    link.prepareGoodbye(this.#exit.reason, false);
    served.drain(this.#drainTimeoutMs);
    if (isDrained) served.drained();
  }

  #drained(): void {
    if (this.#current === undefined) return;
    this.#current.isDrained = true;
    this.#current.served?.drained();
  }

  #finish(reason: BindCloseReason): void {
    this.#move("closed");
    this.#tell({ type: "closed", reason });
    this.#untap?.();
    this.#logs.detach();
    this.#leaving.abort();
    this.#init.options.signal?.removeEventListener("abort", this.#abort);
    this.#resolveClosed(reason);
  }

  #move(next: BindState): void {
    if (next === this.#state) return;
    if (!bindTransitions[this.#state].includes(next))
      throw new Error(`a binding cannot go from ${this.#state} to ${next}`);
    this.#state = next;
  }
}
