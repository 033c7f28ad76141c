import type { Logger } from "../log/logger.js";
import { authorityOf } from "./address.js";
import { connectToHost, readToken } from "./connect.js";
import { createHello } from "./hello.js";
import { type HelloAnswer, type LinkInit, openLink } from "./link.js";
import type { LogSpool } from "./log-spool.js";
import type { Offer } from "./offer.js";
import type { DialInOptions, DialInSettings } from "./options.js";

/** What a dialer needs. */
export interface DialerInit {
  readonly options: DialInOptions;
  readonly settings: DialInSettings;
  readonly logger: Logger;
  readonly logs: LogSpool;
  /** Told of what happens on a link. */
  readonly handlers: Pick<LinkInit, "onDrain" | "onDrained" | "onSuspect" | "onRecovered">;
  /** Ends an attempt. */
  readonly signal: AbortSignal;
}

/** Makes the links of one instance, one after the other: their epochs grow, and each may bring the token of the next. */
export class Dialer {
  readonly #init: DialerInit;
  #epoch = 0n;
  #nextToken = "";

  constructor(init: DialerInit) {
    this.#init = init;
  }

  /** Of the last Hello; 0n before the first. */
  get epoch(): bigint {
    return this.#epoch;
  }

  /** Connects and says Hello. Rejects where no answer comes. */
  async dial(offer: Offer): Promise<HelloAnswer> {
    const { options, settings, logger, logs, handlers, signal } = this.#init;
    const { address, isExposed, connectTimeoutMs, welcomeTimeoutMs } = settings;
    const token = this.#nextToken === "" ? await readToken(options) : this.#nextToken;
    const stream = await connectToHost(address, options, connectTimeoutMs, signal);
    if (isExposed) {
      logger.warn(`the link to ${options.to} has no TLS: who sees the network sees token and calls`);
    }
    const now = BigInt(Date.now());
    // Time, since an instance that was started again goes on from there.
    this.#epoch = now > this.#epoch ? now : this.#epoch + 1n;
    const answer = await openLink(stream, {
      ...handlers,
      hello: createHello(settings, offer, { epoch: this.#epoch, token, oldestLog: logs.oldest }),
      authority: authorityOf(address),
      welcomeTimeoutMs,
      logs,
      describe: (typeName) => offer.describe(typeName),
      versions: offer.versions.map(({ version }) => version),
      signal,
    });
    if ("welcome" in answer && answer.welcome.nextToken !== "") this.#nextToken = answer.welcome.nextToken;
    return answer;
  }
}
