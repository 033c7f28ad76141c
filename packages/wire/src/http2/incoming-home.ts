import type { Counters } from "../diagnostics/counters.js";
import type { HpackEncoder } from "../hpack/encoder.js";
import type { Calm } from "./calm.js";
import type { CloseReason } from "./close-reason.js";
import type { Pings } from "./pings.js";
import type { Settings } from "./settings.js";
import type { Http2Stream, StreamHandler, StreamHome } from "./stream.js";
import type { StreamTable } from "./stream-table.js";

/** What the peer's frames need of their connection. */
export interface IncomingHome extends StreamHome {
  readonly streams: StreamTable;
  readonly peer: Settings;
  readonly encoder: HpackEncoder;
  readonly pings: Pings;
  readonly calm: Calm;
  readonly draining: boolean;
  readonly counters: Counters;
  readonly owner: { accept(stream: Http2Stream): StreamHandler; onRoom(): void; onPing?(): void };
  addStream(id: number, handler: StreamHandler): Http2Stream;
  writeReset(id: number, errorCode: number): void;
  pumpWaiting(): void;
  drainWith(reason: CloseReason): void;
  finish(reason: CloseReason): void;
}
