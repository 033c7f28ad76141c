import { Duplex } from "node:stream";
import type { MessagePort, TransferListItem } from "node:worker_threads";
import { Code, ConnectError } from "@connectrpc/connect";
import { checkNumbers, checkTypes } from "../options/check.js";
import { nextTick } from "../runtime.js";

/** Options of a byte stream on a message port. */
export interface PortStreamOptions {
  /**
   * Bytes that one side may send and the other has not read yet. The writer waits at the limit; a peer that goes on all the same fails
   * the stream. Must be the same on both sides. Default 1 MiB.
   */
  readonly windowBytes?: number;
  /**
   * Asked once when the other side has destroyed its stream, or the port has closed, before both directions had ended. The stream fails
   * with the error that it resolves with, and not before. For owners who know more about the end of a thread than its port tells.
   * Default: at once, with the error that is given here.
   */
  readonly explainLoss?: (error: ConnectError) => Promise<Error>;
}

type Done = (error?: Error | null) => void;

/** Small writes of one turn of the event loop are gathered. */
const gatherBytes = 16 * 1024;
/** As soon as so much is gathered it goes ahead of the rest of the turn: the other thread begins with it meanwhile. */
const earlyBytes = 2048;
/** More than this is sent in several messages. */
const maxMessageBytes = 256 * 1024;
/** From here on it takes less time to hand memory over than to have it copied. */
const minTransferBytes = 2048;
const defaultWindowBytes = 1024 * 1024;

/**
 * A byte stream whose bytes travel as messages of a MessagePort, to another thread for instance: everything that speaks on a Duplex
 * then speaks between threads. The other end of the port needs such a stream too; see docs/protocol/worker.md for the messages.
 *
 * What one turn of the event loop writes leaves in one message. What is written is copied once, since its memory may be somebody's
 * still, and the copy is handed over to the other thread. A writer waits when the reader of the other side has left `windowBytes`
 * unread. Each direction ends by itself; a stream that is destroyed before both have ended fails the one on the other side, after
 * that has read what was sent before, with a ConnectError whose code is Code.Canceled and whose message is that of the error. Where the
 * port closes instead, as at the end of a thread, the code is Code.Unavailable.
 *
 * The stream owns the port from now on and closes it when it closes. Messages that came before are read too.
 *
 * @throws {@link TenonError} `option-invalid` for a `windowBytes` that is no whole number from 1024 to 2^31-1
 */
export function streamFromPort(port: MessagePort, options: PortStreamOptions = {}): Duplex {
  checkNumbers(options, { windowBytes: [1024, 0x7fffffff] });
  checkTypes(options, "function", ["explainLoss"]);
  return new PortStream(port, options.windowBytes ?? defaultWindowBytes, options.explainLoss);
}

class PortStream extends Duplex {
  readonly #port: MessagePort;
  readonly #windowBytes: number;
  readonly #explainLoss: PortStreamOptions["explainLoss"];
  /** Written in this turn and not sent. */
  #gathered = Buffer.allocUnsafeSlow(gatherBytes);
  #gatheredBytes = 0;
  #isScheduled = false;
  /** What the other side still takes; below zero after a message that was larger. */
  #credit: number;
  /** Waits for credit. */
  #waiting: { readonly chunks: Buffer[]; readonly done: Done } | undefined;
  /** Came and was not handed to the reader: at once where he wants more. */
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  #wantsMore = false;
  /** Handed to the reader, and the other side does not know. */
  #readBytes = 0;
  /** What is to come after the last of `#unread`. */
  #outcome: { readonly error: Error | undefined } | undefined;
  #hasSentEnd = false;
  #hasPushedEnd = false;
  /** Nobody is at the other side any more. */
  #isLost = false;
  readonly #flush = () => {
    this.#isScheduled = false;
    this.#send();
  };
  readonly #schedule = () => nextTick(this.#flush);

  constructor(port: MessagePort, windowBytes: number, explainLoss: PortStreamOptions["explainLoss"]) {
    super({ allowHalfOpen: true, readableHighWaterMark: 0, writableHighWaterMark: gatherBytes });
    this.#port = port;
    this.#windowBytes = windowBytes;
    this.#explainLoss = explainLoss;
    this.#credit = windowBytes;
    port.on("message", (message: unknown) => this.#receive(message));
    port.on("close", () => this.#lose("the message port was closed", Code.Unavailable));
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#take([chunk], chunk.length, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    let bytes = 0;
    const pieces: Buffer[] = [];
    for (const { chunk } of chunks) {
      bytes += chunk.length;
      pieces.push(chunk);
    }
    this.#take(pieces, bytes, done);
  }

  override _final(done: Done): void {
    this.#send();
    this.#hasSentEnd = true;
    this.#port.postMessage(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const hasEnded = this.#hasSentEnd && this.#outcome !== undefined;
    if (!hasEnded && !this.#isLost) {
      this.#send();
      this.#port.postMessage({ error: error?.message ?? "the byte stream was destroyed" });
    }
    this.#port.close();
    this.#unread.length = 0;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.done(error ?? new ConnectError("the byte stream was destroyed before everything was sent", Code.Canceled));
    done(error);
  }

  /** Sends, or waits for credit. Small writes wait for the end of the turn, and are done for their writers before. */
  #take(chunks: Buffer[], bytes: number, done: Done): void {
    if (this.#credit <= 0) {
      this.#waiting = { chunks, done };
    } else if (this.#gatheredBytes + bytes <= gatherBytes) {
      for (const chunk of chunks) {
        this.#gathered.set(chunk, this.#gatheredBytes);
        this.#gatheredBytes += chunk.length;
      }
      if (this.#gatheredBytes >= earlyBytes) {
        this.#send();
      } else if (!this.#isScheduled) {
        this.#isScheduled = true;
        queueMicrotask(this.#schedule);
      }
      done();
    } else {
      this.#send();
      this.#sendLarge(chunks, done);
    }
  }

  #sendLarge(chunks: Buffer[], done: Done): void {
    while (chunks.length > 0) {
      if (this.#credit <= 0) {
        this.#waiting = { chunks, done };
        return;
      }
      const message = takeUpTo(chunks, maxMessageBytes);
      if (message.length > 0) this.#post(message);
    }
    done();
  }

  /** Sends what was gathered. */
  #send(): void {
    const bytes = this.#gatheredBytes;
    if (bytes === 0) return;
    this.#gatheredBytes = 0;
    const message = Buffer.allocUnsafeSlow(bytes);
    this.#gathered.copy(message, 0, 0, bytes);
    this.#post(message);
  }

  /** Posts memory that nobody else has. */
  #post(message: Buffer): void {
    this.#credit -= message.length;
    if (message.length < minTransferBytes) this.#port.postMessage(message);
    else this.#port.postMessage(message, [message.buffer as TransferListItem]);
  }

  #receive(message: unknown): void {
    if (this.destroyed) return;
    if (message instanceof Uint8Array) {
      this.#receiveBytes(message);
    } else if (typeof message === "number") {
      this.#receiveCredit(message);
    } else if (message === null) {
      this.#finish(undefined);
    } else {
      const error = typeof message === "object" && "error" in message ? message.error : undefined;
      const text = typeof error === "string" ? error : "a message that is none of ours came";
      this.#lose(text, Code.Canceled);
    }
  }

  #receiveBytes(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#outcome !== undefined) return;
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes > this.#windowBytes + maxMessageBytes) {
      this.destroy(
        new ConnectError("the other side of the message port sends more than its window", Code.ResourceExhausted),
      );
      return;
    }
    this.#unread.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    if (this.#wantsMore) this.#deliver();
  }

  #receiveCredit(bytes: number): void {
    this.#credit += bytes;
    const waiting = this.#waiting;
    if (waiting === undefined || this.#credit <= 0) return;
    this.#waiting = undefined;
    this.#sendLarge(waiting.chunks, waiting.done);
  }

  /** The other side is gone. */
  #lose(why: string, code: Code): void {
    // The end of both directions, and then of the port: nothing is missing.
    if (this.destroyed || this.#isLost || (this.#outcome !== undefined && this.#hasSentEnd)) return;
    this.#isLost = true;
    const error = new ConnectError(why, code);
    if (this.#explainLoss === undefined) {
      this.#finish(error);
      return;
    }
    this.#explainLoss(error).then(
      (better) => this.#finish(better),
      () => this.#finish(error),
    );
  }

  /** The other side sends nothing more; with an error, it does not read either. */
  #finish(error: Error | undefined): void {
    if (this.destroyed || this.#outcome?.error !== undefined) return;
    this.#outcome = { error };
    this.#conclude();
  }

  #deliver(): void {
    while (this.#wantsMore && this.#unread.length > 0) {
      const chunk = this.#unread.shift()!;
      this.#unreadBytes -= chunk.length;
      this.#readBytes += chunk.length;
      this.#wantsMore = this.push(chunk);
    }
    if (this.#readBytes * 4 >= this.#windowBytes) {
      this.#port.postMessage(this.#readBytes);
      this.#readBytes = 0;
    }
    this.#conclude();
  }

  /** Once the reader has everything: the end, or the failure. */
  #conclude(): void {
    if (this.#outcome === undefined || this.#unread.length > 0 || this.destroyed) return;
    const { error } = this.#outcome;
    if (error === undefined) {
      if (!this.#hasPushedEnd) this.push(null);
      this.#hasPushedEnd = true;
    } else if (this.readableLength === 0 || this.#hasPushedEnd) {
      this.destroy(error);
    }
  }
}

/** The first bytes of `chunks`, which lose them, in memory of their own. */
function takeUpTo(chunks: Buffer[], maxBytes: number): Buffer {
  let bytes = 0;
  for (const chunk of chunks) if ((bytes += chunk.length) >= maxBytes) break;
  const message = Buffer.allocUnsafeSlow(Math.min(bytes, maxBytes));
  let end = 0;
  let used = 0;
  for (const chunk of chunks) {
    const taken = chunk.copy(message, end);
    end += taken;
    if (taken < chunk.length) {
      chunks[used] = chunk.subarray(taken);
      break;
    }
    used++;
  }
  chunks.splice(0, used);
  return message;
}
