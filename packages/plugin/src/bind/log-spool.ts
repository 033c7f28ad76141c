import { create } from "@bufbuild/protobuf";
import { type Level, type LogEntry, type Logs, LogsSchema } from "@tenon/core/bind";
import { type LogLevel, passesLevel } from "../log/level.js";
import type { LogTap, TappedRecord } from "../log/tap.js";
import { Fifo } from "./fifo.js";
import { thresholdOf, toLogEntry } from "./log-entry.js";
import { LogPace } from "./log-pace.js";

/** What a record takes beside its texts, in bytes. */
const overheadBytes = 64;
/** With what is around them entries stay below the smallest limit of a host. */
const maxFrameBytes = 60_000;
const maxFrameEntries = 1024;

interface Kept {
  entry: LogEntry;
  readonly bytes: number;
}

/** What became of the records so far. */
export interface BindLogCounts {
  /** Records that were wanted. */
  readonly taken: number;
  /** Records that the host has. */
  readonly delivered: number;
  /** Records that gave way to newer ones. */
  readonly dropped: number;
}

/** Who carries records to the host: one link. */
export interface LogCarrier {
  /** The last record that the host has of this instance; 0 for none. */
  readonly lastTaken: number;
  /** Bytes of records that may be on their way, at most. */
  readonly windowBytes: number;
  /** There is something to send. */
  readonly offer: (next: () => Logs | undefined) => void;
}

/**
 * Keeps log records until the host has them: numbered, bounded in bytes, and sent again on the next link where the last one was lost.
 * What is over the budget goes, the oldest first, and is counted; only what no link carries at that moment can go.
 */
export class LogSpool implements LogTap {
  readonly #maxBytes: number;
  readonly #nowMs: () => number;
  readonly #sent = new Fifo<Kept>();
  readonly #waiting = new Fifo<Kept>();
  #sentBytes = 0;
  #waitingBytes = 0;
  #last = 0;
  #renumbered = 0;
  #delivered = 0;
  #dropped = 0;
  #threshold: LogLevel | "off" = "info";
  #carrier: LogCarrier | undefined;
  #pace = new LogPace(0);
  #hasSent = false;
  #isOffered = false;

  constructor(maxBytes: number, nowMs: () => number = Date.now) {
    this.#maxBytes = maxBytes;
    this.#nowMs = nowMs;
  }

  get counts(): BindLogCounts {
    return { taken: this.#last - this.#renumbered, delivered: this.#delivered, dropped: this.#dropped };
  }

  /** Sequence number of the oldest record that is kept; 0 for none. */
  get oldest(): bigint {
    return (this.#sent.first ?? this.#waiting.first)?.entry.sequence ?? 0n;
  }

  setLevel(level: Level): void {
    this.#threshold = thresholdOf(level);
  }

  wants(level: LogLevel): boolean {
    return this.#threshold !== "off" && passesLevel(level, this.#threshold);
  }

  take(record: TappedRecord): void {
    const entry = toLogEntry(record, ++this.#last, this.#nowMs());
    const bytes = Buffer.byteLength(entry.message) + Buffer.byteLength(entry.fields) + overheadBytes;
    this.#waiting.push({ entry, bytes });
    this.#waitingBytes += bytes;
    this.#dropOldest();
    this.#offerLater();
  }

  /** A link is there. What the host has is forgotten, what was sent before and did not arrive is sent again. */
  attach(carrier: LogCarrier): void {
    this.detach();
    // The host knows this instance from an earlier process: go on where that one ended.
    if (!this.#hasSent && carrier.lastTaken > 0) this.#renumber(carrier.lastTaken);
    this.#forget(this.#waiting, carrier.lastTaken);
    this.#dropOldest();
    this.#carrier = carrier;
    this.#pace = new LogPace(carrier.windowBytes);
    this.#offerLater();
  }

  /** The link is gone. */
  detach(): void {
    this.#carrier = undefined;
    const unsure = this.#sent.takeAll();
    if (unsure.length === 0) return;
    for (const kept of [...unsure, ...this.#waiting.takeAll()]) this.#waiting.push(kept);
    this.#waitingBytes += this.#sentBytes;
    this.#sentBytes = 0;
  }

  /** The host has all records up to this one. */
  taken(sequence: number): void {
    this.#pace.taken(sequence);
    this.#forget(this.#sent, sequence);
    this.#offerLater();
  }

  /** The next records, as many as the window and one frame hold; undefined for none. */
  readonly next = (): Logs | undefined => {
    if (this.#carrier === undefined) return undefined;
    this.#hasSent = true;
    const entries: LogEntry[] = [];
    const dropped = this.#dropped;
    let frameBytes = 0;
    for (;;) {
      const kept = this.#waiting.first;
      if (kept === undefined || entries.length === maxFrameEntries) break;
      // One record goes out in any case, or one that is larger than the window would be there for ever.
      const isOver = this.#sentBytes + kept.bytes > this.#pace.bytes || frameBytes + kept.bytes > maxFrameBytes;
      if (isOver && (entries.length > 0 || this.#sent.length > 0)) {
        this.#pace.full();
        break;
      }
      this.#waiting.shift();
      this.#waitingBytes -= kept.bytes;
      this.#sent.push(kept);
      this.#sentBytes += kept.bytes;
      frameBytes += kept.bytes;
      entries.push(kept.entry);
    }
    if (entries.length > 0) this.#pace.sent(Number(entries.at(-1)!.sequence));
    return entries.length === 0 ? undefined : create(LogsSchema, { entries, dropped: BigInt(dropped) });
  };

  #dropOldest(): void {
    while (this.#waitingBytes > this.#maxBytes) {
      const kept = this.#waiting.shift();
      if (kept === undefined) return;
      this.#waitingBytes -= kept.bytes;
      this.#dropped++;
    }
  }

  #forget(queue: Fifo<Kept>, sequence: number): void {
    for (let kept = queue.first; kept !== undefined && kept.entry.sequence <= sequence; kept = queue.first) {
      queue.shift();
      this.#delivered++;
      if (queue === this.#sent) this.#sentBytes -= kept.bytes;
      else this.#waitingBytes -= kept.bytes;
    }
  }

  #renumber(by: number): void {
    for (const kept of this.#waiting.takeAll()) {
      kept.entry.sequence += BigInt(by);
      this.#waiting.push(kept);
    }
    this.#last += by;
    this.#renumbered += by;
  }

  /** At the end of the turn, so that records of one turn go out together. */
  #offerLater(): void {
    if (this.#isOffered || this.#carrier === undefined || this.#waiting.length === 0) return;
    this.#isOffered = true;
    setImmediate(() => {
      this.#isOffered = false;
      this.#carrier?.offer(this.next);
    });
  }
}
