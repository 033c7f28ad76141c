import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnInfo, TenonError } from "@tenon/core";
import { onAbort } from "../streams/on-abort.js";
import { Doorkeeper } from "./doorkeeper.js";
import type { Mux } from "./mux.js";
import type { Outbox } from "./outbox.js";
import type { Attempt, Door, Paths } from "./paths.js";
import type { BrokerTls } from "../tls/acceptor.js";
import { tlsFailed } from "./tls-failed.js";
import { Turns } from "./turns.js";

/** What {@link MuxPaths} are made of. */
export interface MuxPathsInit {
  readonly plugin: string;
  readonly mux: Mux;
  readonly outbox: Outbox;
  readonly tls: BrokerTls | undefined;
  readonly tlsTimeoutMs: number;
  /** How long the other side waits for an answer to its knock, in milliseconds. */
  readonly timeoutMs: number;
}

/** The part of the time of a dial for which a knock waits for somebody to serve its id: then the answer still arrives. */
const heldPart = 0.8;
/** A Go host that begins to serve an id may refuse a knock that came just before. It is repeated once, if it was refused so early. */
const earlyRefusalMs = 200;
const repeatAfterMs = 50;

/** Streams of one yamux session, each after a knock and its answer. */
export class MuxPaths implements Paths {
  readonly #init: MuxPathsInit;
  readonly #doorkeeper: Doorkeeper;
  readonly #turns = new Turns();
  /** Knocks whose answer nobody waits for any more, by id. */
  readonly #givenUp = new Map<number, number>();
  /** The knock that was not answered yet. */
  #knocking: { readonly id: number; readonly answered: (error: string) => void } | undefined;

  constructor(init: MuxPathsInit) {
    this.#init = init;
    this.#doorkeeper = new Doorkeeper({
      answer: (serviceId, error) => init.outbox.send({ serviceId, knock: { knock: true, ack: true, error } }),
      expectMs: init.timeoutMs,
      holdMs: init.timeoutMs * heldPart,
    });
    init.mux.admit = (stream) => this.#doorkeeper.admit(stream);
  }

  async open(id: number, take: (stream: Duplex) => void): Promise<Door> {
    const { tls, tlsTimeoutMs } = this.#init;
    const streams = new Set<Duplex>();
    const secure =
      tls === undefined ? take : (await import("../tls/acceptor.js")).createTlsAcceptor(tls, tlsTimeoutMs, take);
    this.#doorkeeper.open(id, (stream) => {
      streams.add(stream);
      stream.once("close", () => streams.delete(stream));
      secure(stream);
    });
    const close = (): void => this.#doorkeeper.close(id);
    const destroy = (): void => {
      close();
      for (const stream of streams) stream.destroy();
    };
    return {
      close,
      destroy,
      async remove(lingerMs) {
        const ended = [...streams].map((stream) => new Promise((resolve) => stream.once("close", resolve)));
        if (ended.length > 0) await Promise.race([Promise.all(ended), sleep(lingerMs, undefined, { ref: false })]);
        destroy();
      },
    };
  }

  async reach(attempt: Attempt): Promise<Duplex> {
    const { plugin, tls } = this.#init;
    const { id, signal } = attempt;
    attempt.stage = "another dial had to be done before it";
    const endTurn = await this.#turns.take(signal);
    let stream: Duplex;
    try {
      attempt.stage = "the other side did not answer the knock";
      await this.#knock(attempt);
      attempt.stage = "the knock was answered, but not the stream";
      // Not ended by the signal: the other side waits for this stream now.
      stream = await this.#openStream();
    } finally {
      endTurn();
    }
    if (signal.aborted) stream.destroy();
    signal.throwIfAborted();
    if (tls === undefined) return stream;
    attempt.stage = "the TLS handshake was not done";
    try {
      const { secureClient } = await import("../tls/secure-client.js");
      return await secureClient(stream, tls, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw tlsFailed(plugin, id, cause);
    }
  }

  receive({ serviceId, knock }: ConnInfo): void {
    // An address is of the other mode, in which nothing can be connected here.
    if (knock?.knock !== true) return;
    if (!knock.ack) return this.#doorkeeper.knock(serviceId);
    if (this.#knocking?.id === serviceId) this.#knocking.answered(knock.error);
    // The other side waits for a stream now, and would take the next one for it.
    else if (this.#forgive(serviceId) && knock.error === "")
      void this.#openStream().then(
        (stream) => stream.destroy(),
        () => {},
      );
  }

  close(): void {
    this.#doorkeeper.end();
  }

  async #knock({ id, signal }: Attempt): Promise<void> {
    const startedAt = performance.now();
    for (let knocks = 1; ; knocks++) {
      const error = await this.#askFor(id, signal);
      if (error === "") return;
      if (knocks > 1 || performance.now() - startedAt > earlyRefusalMs) throw refused(this.#init.plugin, id, error);
      await sleep(repeatAfterMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  #askFor(id: number, signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#knocking = undefined;
        forget();
        act();
      };
      this.#knocking = { id, answered: (error) => settle(() => resolve(error)) };
      this.#init.outbox.send({ serviceId: id, knock: { knock: true } });
      let forget = (): void => {};
      forget = onAbort(signal, () => {
        this.#givenUp.set(id, (this.#givenUp.get(id) ?? 0) + 1);
        settle(() => reject(signal.reason));
      });
    });
  }

  /** Whether an answer is to a knock that was given up: an answer to none is the other side's fault, and costs nothing. */
  #forgive(id: number): boolean {
    const count = this.#givenUp.get(id);
    if (count === undefined) return false;
    if (count === 1) this.#givenUp.delete(id);
    else this.#givenUp.set(id, count - 1);
    return true;
  }

  async #openStream(): Promise<Duplex> {
    const { plugin, mux } = this.#init;
    try {
      const stream = await mux.session.open();
      stream.on("error", () => {});
      return stream;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TenonError("broker-closed", `No stream can be opened for the broker: ${why}.`, { plugin, cause });
    }
  }
}

function refused(plugin: string, id: number, said: string): TenonError {
  return new TenonError(
    "broker-refused",
    `The other side refused the knock for the broker id ${id} and says ${JSON.stringify(said.slice(0, 200))}.`,
    { plugin, facts: { id, said } },
  );
}
