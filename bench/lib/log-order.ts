import type { Measurement, Order } from "./measure.js";

/** Have one plugin log, and make calls meanwhile. */
export interface LogsOrder extends Order {
  /** Bytes of each record; 0: it does not log. */
  readonly recordBytes: number;
  readonly recordsPerSecond: number;
  /** Whether another plugin of the same host is called. */
  readonly neighbour: boolean;
  /** Time to log and call before what is measured, in seconds. */
  readonly warmUpSeconds: number;
}

/** What came of it: the calls, and the records from the first to the last, warm-up included. */
export interface LogsAnswer extends Measurement {
  readonly offered: number;
  /** Records that the host's log was given. */
  readonly taken: number;
  /** Records of which the host knows that they were dropped. */
  readonly dropped: number;
  readonly floodSeconds: number;
}
