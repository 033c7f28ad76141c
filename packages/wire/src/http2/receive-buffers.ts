const minBytes = 4096;
/** More than a unix socket of Linux holds (208 KiB), so that one read takes all of it. */
const maxBytes = 262_144;
/** After so many reads in a row that fill less than a quarter the buffers become smaller. */
const maxSlackReads = 64;

/**
 * Two buffers in turn for what is read from a socket: the chunk that came last stays as it is until the next one has been
 * looked at. They grow while reads fill them, and shrink when that is over.
 */
export class ReceiveBuffers {
  #now: Buffer = Buffer.allocUnsafeSlow(minBytes);
  #other: Buffer | undefined;
  #bytes = minBytes;
  #slackReads = 0;

  /** The buffer for the next read. */
  next(): Buffer {
    return this.#now;
  }

  /** So many bytes have been read into it. */
  read(length: number): void {
    if (length === this.#now.length) this.#resize(Math.min(this.#bytes * 4, maxBytes));
    else if (length * 4 > this.#now.length || this.#bytes === minBytes) this.#slackReads = 0;
    else if (++this.#slackReads === maxSlackReads) this.#resize(this.#bytes / 4);
    const last = this.#now;
    const other = this.#other;
    this.#now = other?.length === this.#bytes ? other : Buffer.allocUnsafeSlow(this.#bytes);
    this.#other = last;
  }

  #resize(bytes: number): void {
    this.#bytes = bytes;
    this.#slackReads = 0;
  }
}
