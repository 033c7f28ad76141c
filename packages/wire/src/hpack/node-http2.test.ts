import assert from "node:assert/strict";
import http2 from "node:http2";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import type { HeaderField } from "./field.js";

// Header blocks exchanged with the HTTP/2 of Node: its octets through our decoder, ours through its decoder, over a
// memory pair. One end is Node's; the other speaks just enough of frames to carry header blocks.

const frame = { headers: 1, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;
const flag = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

function memoryPair(): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk);
        setImmediate(done);
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const pair: [Duplex, Duplex] = [make(() => pair[1]), make(() => pair[0])];
  return pair;
}

/** The end that is ours: decodes every header block and encodes what it is told to send. */
class RawPeer {
  readonly decoder: HpackDecoder;
  readonly encoder = new HpackEncoder();
  readonly received = new Map<number, readonly HeaderField[]>();
  onHeaders: (stream: number, fields: readonly HeaderField[]) => void = () => {};
  readonly #stream: Duplex;
  #waiting = Buffer.alloc(0);
  #prefaceBytes: number;
  #block: Buffer[] = [];

  constructor(stream: Duplex, side: "client" | "server", tableBytes: number) {
    this.#stream = stream;
    this.decoder = new HpackDecoder({ maxTableBytes: tableBytes });
    this.#prefaceBytes = side === "server" ? preface.length : 0;
    if (side === "client") stream.write(preface);
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(1, 0);
    settings.writeUInt32BE(tableBytes, 2);
    this.#send(frame.settings, 0, 0, settings);
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  sendHeaders(stream: number, fields: readonly HeaderField[]): void {
    const out = Buffer.alloc(HpackEncoder.maxEncodedBytes(fields));
    const block = out.subarray(0, this.encoder.encode(fields, out, 0));
    for (let start = 0; start === 0 || start < block.length; start += 16_384) {
      const part = block.subarray(start, start + 16_384);
      const last = start + 16_384 >= block.length ? flag.endHeaders : 0;
      if (start === 0) this.#send(frame.headers, flag.endStream | last, stream, part);
      else this.#send(frame.continuation, last, stream, part);
    }
  }

  #send(type: number, flags: number, stream: number, payload: Buffer): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.#stream.write(Buffer.concat([head, payload]));
  }

  #take(chunk: Buffer): void {
    this.#waiting = Buffer.concat([this.#waiting, chunk]);
    if (this.#prefaceBytes > 0) {
      if (this.#waiting.length < this.#prefaceBytes) return;
      this.#waiting = this.#waiting.subarray(this.#prefaceBytes);
      this.#prefaceBytes = 0;
    }
    while (this.#waiting.length >= 9) {
      const end = 9 + this.#waiting.readUIntBE(0, 3);
      if (this.#waiting.length < end) return;
      const whole = this.#waiting.subarray(0, end);
      this.#waiting = this.#waiting.subarray(end);
      this.#handle(whole[3]!, whole[4]!, whole.readUInt32BE(5), whole.subarray(9));
    }
  }

  #handle(type: number, flags: number, stream: number, payload: Buffer): void {
    if (type === frame.settings) {
      if ((flags & flag.ack) !== 0) return this.decoder.settingsAcknowledged();
      for (let i = 0; i + 6 <= payload.length; i += 6) {
        if (payload.readUInt16BE(i) === 1) this.encoder.setMaxTableBytes(payload.readUInt32BE(i + 2));
      }
      this.#send(frame.settings, flag.ack, 0, Buffer.alloc(0));
    } else if (type === frame.ping && (flags & flag.ack) === 0) {
      this.#send(frame.ping, flag.ack, 0, payload);
    } else if (type === frame.headers || type === frame.continuation) {
      let part = payload;
      if (type === frame.headers) {
        if ((flags & flag.padded) !== 0) part = part.subarray(1, part.length - part[0]!);
        if ((flags & flag.priority) !== 0) part = part.subarray(5);
      }
      this.#block.push(part);
      if ((flags & flag.endHeaders) === 0) return;
      const block = Buffer.concat(this.#block);
      this.#block = [];
      const decoded = this.decoder.decode(block);
      assert.equal(decoded.truncated, false);
      this.received.set(stream, decoded.fields);
      this.onHeaders(stream, decoded.fields);
    }
  }
}

/** A reproducible source of integers from 0 to below a bound. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const tokens = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
const names = [
  "x-a",
  "x-tenant",
  "user-agent",
  "grpc-timeout",
  "grpc-status",
  "cookie",
  "authorization",
  "te-x",
  "vary",
];

/** Headers that repeat, change, are long, hold every octet that a field may hold, and churn the table. */
function oddHeaders(random: (below: number) => number): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = random(30); i >= 0; i--) {
    let name = names[random(names.length)]!;
    if (random(3) === 0) {
      name = "x-";
      for (let j = random(20); j >= 0; j--) name += tokens[random(tokens.length)]!;
    }
    const kind = random(6);
    const length = kind === 0 ? random(3000) : random(40);
    let value = "";
    if (kind === 1) value = `v${random(5)}`;
    else if (kind === 2) value = "0123aceiost-".repeat(1 + random(20));
    else
      for (let j = 0; j < length; j++) value += String.fromCharCode(kind < 4 ? 0x80 + random(128) : 0x21 + random(94));
    if (!fields.some((field) => field[0] === name)) fields.push([name, value]);
  }
  return fields;
}

function pairs(raw: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let i = 0; i < raw.length; i += 2) fields.push([raw[i]!, raw[i + 1]!]);
  return fields;
}

const regular = (fields: readonly HeaderField[]): HeaderField[] =>
  fields.filter(([name]) => !name.startsWith(":") && name !== "date").map(([name, value]) => [name, value]);

const byName = (fields: readonly HeaderField[]): HeaderField[] => fields.toSorted((a, b) => (a[0] < b[0] ? -1 : 1));

const rounds = 60;

for (const tableBytes of [0, 100, 4096, 65_536]) {
  test(`a client of Node and our two halves agree, table of ${tableBytes} octets`, async () => {
    const random = randomFrom(tableBytes + 1);
    const [near, far] = memoryPair();
    const peer = new RawPeer(far, "server", tableBytes);
    peer.onHeaders = (stream, fields) => peer.sendHeaders(stream, [[":status", "200"], ...regular(fields)]);
    const session = http2.connect("http://localhost", {
      createConnection: () => near,
      settings: { headerTableSize: tableBytes },
      maxDeflateDynamicTableSize: 16_384,
    });
    try {
      for (let round = 0; round < rounds; round++) {
        if (round % 7 === 6) session.settings({ headerTableSize: random(2) * random(5000) });
        const sent = oddHeaders(random);
        const headers = { ":path": `/a.B/${random(9)}`, ":method": "POST", ...Object.fromEntries(sent) };
        const stream = session.request(headers, { endStream: true });
        const answer = await new Promise<string[]>((resolve, reject) => {
          // The raw list is the fourth argument of the event, which the typings leave out.
          stream.on("response", (...args: unknown[]) => resolve(args[2] as string[]));
          stream.on("error", reject);
          stream.resume();
        });
        const got = peer.received.get(stream.id!)!;
        assert.equal(new Map(got).get(":path"), headers[":path"]);
        assert.deepEqual(byName(regular(got)), byName(sent));
        assert.deepEqual(regular(pairs(answer)), regular(got));
      }
    } finally {
      session.destroy();
      far.destroy();
    }
  });

  test(`a server of Node and our two halves agree, table of ${tableBytes} octets`, async () => {
    const random = randomFrom(tableBytes + 2);
    const [near, far] = memoryPair();
    const server = http2.createServer({
      settings: { headerTableSize: tableBytes },
      maxDeflateDynamicTableSize: 16_384,
    });
    const heard: HeaderField[][] = [];
    let session: http2.ServerHttp2Session | undefined;
    server.on("session", (opened) => {
      session = opened;
    });
    server.on("stream", (stream: http2.ServerHttp2Stream, ...rest: unknown[]) => {
      const fields = pairs(rest[2] as string[]);
      heard.push(fields);
      stream.respond({ ":status": 200, ...Object.fromEntries(regular(fields)) }, { endStream: true });
    });
    server.emit("connection", near);
    const peer = new RawPeer(far, "client", tableBytes);
    try {
      for (let round = 0; round < rounds; round++) {
        if (round % 7 === 6) session?.settings({ headerTableSize: random(2) * random(5000) });
        const sent: HeaderField[] = [
          [":method", "POST"],
          [":scheme", "http"],
          [":path", `/a.B/${random(9)}`],
          [":authority", "localhost"],
          ...oddHeaders(random),
        ];
        const stream = 2 * round + 1;
        const answered = new Promise<readonly HeaderField[]>((resolve) => {
          peer.onHeaders = (_stream, fields) => resolve(fields);
        });
        peer.sendHeaders(stream, sent);
        const answer = await answered;
        assert.deepEqual(heard[round], sent);
        assert.deepEqual(byName(regular(answer)), byName(regular(sent)));
      }
    } finally {
      session?.destroy();
      far.destroy();
      near.destroy();
    }
  });
}
