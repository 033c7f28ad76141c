/** What one or more connections have done so far. Counts only ever grow. */
export interface WireCounters {
  /** Streams begun, by either side: calls. */
  readonly streams: number;
  readonly framesIn: number;
  readonly framesOut: number;
  /** Bytes of HTTP/2 from and to the byte stream; what TLS adds is not among them. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** RST_STREAM frames from the peer and from us. */
  readonly resetsIn: number;
  readonly resetsOut: number;
  /** How often a message had to wait for a window or for a peer that does not read. */
  readonly stalls: number;
}

/** Counters of one connection, for the engine to count in. */
export class Counters implements WireCounters {
  streams = 0;
  framesIn = 0;
  framesOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  resetsIn = 0;
  resetsOut = 0;
  stalls = 0;

  /** Adds those of a connection to a total. */
  add(other: WireCounters): this {
    this.streams += other.streams;
    this.framesIn += other.framesIn;
    this.framesOut += other.framesOut;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.resetsIn += other.resetsIn;
    this.resetsOut += other.resetsOut;
    this.stalls += other.stalls;
    return this;
  }

  /** A plain copy, for an owner to keep. */
  snapshot(): WireCounters {
    const { streams, framesIn, framesOut, bytesIn, bytesOut, resetsIn, resetsOut, stalls } = this;
    return { streams, framesIn, framesOut, bytesIn, bytesOut, resetsIn, resetsOut, stalls };
  }
}
