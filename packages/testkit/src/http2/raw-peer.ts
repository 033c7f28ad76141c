import type { Duplex } from "node:stream";
import { eventually } from "../timing.js";
import { clientPreface, frameBytes, frameErrorName, frameFlag, frameType, literalBlock } from "./frames.js";

/** A frame that came. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** One end of an HTTP/2 connection that writes whatever a test wants and keeps what comes. Answers nothing by itself. */
export class RawPeer {
  readonly frames: RawFrame[] = [];
  readonly stream: Duplex;
  /** The other side has ended the byte stream. */
  ended = false;
  #rest: Buffer = Buffer.alloc(0);
  #skip: number;

  /** `skip`: bytes of the other side that are no frames: the length of its preface where it is the client. */
  constructor(stream: Duplex, skip = 0) {
    this.stream = stream;
    this.#skip = skip;
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    const end = () => {
      this.ended = true;
    };
    stream.on("end", end);
    stream.on("close", end);
    stream.on("error", end);
  }

  /** The client's preface and a SETTINGS frame. */
  greet(settings: Uint8Array = new Uint8Array(0)): this {
    this.stream.write(clientPreface);
    return this.frame(frameType.settings, 0, 0, settings);
  }

  frame(type: number, flags: number, id: number, payload?: Uint8Array): this {
    this.stream.write(frameBytes(type, flags, id, payload));
    return this;
  }

  /** A header block for a gRPC request. */
  request(path: string, overrides: Readonly<Record<string, string>> = {}): Buffer {
    const fields = {
      ":method": "POST",
      ":scheme": "http",
      ":path": path,
      ":authority": "unused",
      "content-type": "application/grpc",
      te: "trailers",
      ...overrides,
    };
    return literalBlock(Object.entries(fields));
  }

  /** HEADERS that open a stream. */
  open(id: number, path: string, overrides?: Readonly<Record<string, string>>): this {
    return this.frame(frameType.headers, frameFlag.endHeaders, id, this.request(path, overrides));
  }

  /**
   * Writes `bytes(i)` again and again, each time when the last is on its way, until the other side ends the connection,
   * `times` are done, or nothing moves for `patienceMs` (default 5000). Returns how often it wrote.
   */
  async flood(bytes: (i: number) => Buffer, times = Number.POSITIVE_INFINITY, patienceMs = 5000): Promise<number> {
    for (let i = 0; i < times; i++) {
      if (this.ended || this.stream.destroyed) return i;
      let timer: NodeJS.Timeout | undefined;
      const stuck = new Promise<"stuck">((resolve) => (timer = setTimeout(resolve, patienceMs, "stuck")));
      const written = new Promise<"written">((resolve) => this.stream.write(bytes(i), () => resolve("written")));
      const outcome = await Promise.race([written, stuck]);
      clearTimeout(timer);
      if (outcome === "stuck") return i;
      // The write may have been taken at once: the other side gets its turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return times;
  }

  async find(type: number, id?: number): Promise<Buffer> {
    const { payload } = await eventually(
      () => this.frames.find((frame) => frame.type === type && (id === undefined || frame.id === id)),
      { what: `a frame of type ${type}` },
    );
    return payload;
  }

  /** The error code of the GOAWAY that must come. */
  async goaway(): Promise<string> {
    return frameErrorName((await this.find(frameType.goaway)).readUInt32BE(4));
  }

  /** The error code of the RST_STREAM that must come. */
  async reset(id: number): Promise<string> {
    return frameErrorName((await this.find(frameType.rstStream, id)).readUInt32BE(0));
  }

  #take(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    let bytes = Buffer.concat([this.#rest, chunk.subarray(skipped)]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3);
      const payload = Buffer.from(bytes.subarray(9, end));
      this.frames.push({ type: bytes[3]!, flags: bytes[4]!, id: bytes.readUInt32BE(5) & 0x7fffffff, payload });
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes;
  }
}
