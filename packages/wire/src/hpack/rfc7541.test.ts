import assert from "node:assert/strict";
import { test } from "node:test";
import { HpackDecoder } from "./decoder.js";
import { fieldBytes } from "./dynamic-table.js";
import { HpackEncoder } from "./encoder.js";
import { HpackError } from "./error.js";
import type { HeaderField } from "./field.js";
import { decodeInteger, encodeInteger } from "./integer.js";

// The examples of RFC 7541 Appendix C, one entry a block: octets, fields, the dynamic table afterwards and its size.

interface Example {
  readonly section: string;
  readonly block: string;
  readonly fields: readonly HeaderField[];
  readonly table: readonly HeaderField[];
  readonly tableBytes: number;
}

function octets(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function dynamicTable(decoder: HpackDecoder): HeaderField[] {
  const entries: HeaderField[] = [];
  try {
    for (;;) entries.push(decoder.decode(Uint8Array.of(0x80 | (62 + entries.length))).fields[0]!);
  } catch (error) {
    assert.ok(error instanceof HpackError);
    return entries;
  }
}

function check(decoder: HpackDecoder, examples: readonly Example[]): void {
  for (const { section, block, fields, table, tableBytes } of examples) {
    const decoded = decoder.decode(octets(block));
    assert.deepEqual(decoded.fields, fields, section);
    assert.equal(decoded.truncated, false, section);
    const entries = dynamicTable(decoder);
    assert.deepEqual(entries, table, section);
    let bytes = 0;
    for (const [name, value] of entries) bytes += fieldBytes(name, value);
    assert.equal(bytes, tableBytes, section);
  }
}

const customHeader: HeaderField = ["custom-key", "custom-header"];
const authority: HeaderField = [":authority", "www.example.com"];
const noCache: HeaderField = ["cache-control", "no-cache"];
const customValue: HeaderField = ["custom-key", "custom-value"];
const get: HeaderField = [":method", "GET"];
const http: HeaderField = [":scheme", "http"];
const root: HeaderField = [":path", "/"];

test("decodes and encodes the integers of Appendix C.1", () => {
  const examples = [
    { octets: [0x0a], mask: 0x1f, value: 10 },
    { octets: [0x1f, 0x9a, 0x0a], mask: 0x1f, value: 1337 },
    { octets: [0x2a], mask: 0xff, value: 42 },
  ];
  for (const { octets, mask, value } of examples) {
    const bytes = Uint8Array.from(octets);
    assert.equal(decodeInteger({ bytes, position: 1, end: bytes.length }, bytes[0]!, mask), value);
    const out = new Uint8Array(octets.length);
    assert.equal(encodeInteger(value, mask, 0, out, 0), octets.length);
    assert.deepEqual(out, bytes);
  }
});

test("decodes the single fields of Appendix C.2", () => {
  const examples: Example[] = [
    {
      section: "C.2.1",
      block: "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      fields: [customHeader],
      table: [customHeader],
      tableBytes: 55,
    },
    {
      section: "C.2.2",
      block: "040c 2f73 616d 706c 652f 7061 7468",
      fields: [[":path", "/sample/path"]],
      table: [],
      tableBytes: 0,
    },
    {
      section: "C.2.3",
      block: "1008 7061 7373 776f 7264 0673 6563 7265 74",
      fields: [["password", "secret"]],
      table: [],
      tableBytes: 0,
    },
    { section: "C.2.4", block: "82", fields: [get], table: [], tableBytes: 0 },
  ];
  for (const example of examples) check(new HpackDecoder(), [example]);
});

const requests = [
  { fields: [get, http, root, authority], table: [authority], tableBytes: 57 },
  { fields: [get, http, root, authority, noCache], table: [noCache, authority], tableBytes: 110 },
  {
    fields: [get, [":scheme", "https"], [":path", "/index.html"], authority, customValue],
    table: [customValue, noCache, authority],
    tableBytes: 164,
  },
] as const;

test("decodes the requests of Appendix C.3, without Huffman code [WIRE-09]", () => {
  check(new HpackDecoder(), [
    { section: "C.3.1", block: "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", ...requests[0] },
    { section: "C.3.2", block: "8286 84be 5808 6e6f 2d63 6163 6865", ...requests[1] },
    {
      section: "C.3.3",
      block: "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ...requests[2],
    },
  ]);
});

const huffmanRequests = [
  "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
  "8286 84be 5886 a8eb 1064 9cbf",
  "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
] as const;

test("decodes the requests of Appendix C.4, with Huffman code [WIRE-09]", () => {
  check(new HpackDecoder(), [
    { section: "C.4.1", block: huffmanRequests[0], ...requests[0] },
    { section: "C.4.2", block: huffmanRequests[1], ...requests[1] },
    { section: "C.4.3", block: huffmanRequests[2], ...requests[2] },
  ]);
});

test("encodes the first requests of Appendix C.4 to the same octets [WIRE-09]", () => {
  const encoder = new HpackEncoder();
  for (const i of [0, 1] as const) {
    const out = new Uint8Array(HpackEncoder.maxEncodedBytes(requests[i].fields));
    assert.deepEqual(out.subarray(0, encoder.encode(requests[i].fields, out, 0)), octets(huffmanRequests[i]));
  }
});

const private_: HeaderField = ["cache-control", "private"];
const date21: HeaderField = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const date22: HeaderField = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const location: HeaderField = ["location", "https://www.example.com"];
const gzip: HeaderField = ["content-encoding", "gzip"];
const cookie: HeaderField = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];
const responses = [
  {
    fields: [[":status", "302"], private_, date21, location],
    table: [location, date21, private_, [":status", "302"]],
    tableBytes: 222,
  },
  {
    fields: [[":status", "307"], private_, date21, location],
    table: [[":status", "307"], location, date21, private_],
    tableBytes: 222,
  },
  {
    fields: [[":status", "200"], private_, date22, location, gzip, cookie],
    table: [cookie, gzip, date22],
    tableBytes: 215,
  },
] as const;

// The examples suppose a table of 256 octets; a peer would say so with a size update.
const sizeUpdate256 = "3fe1 01";

test("decodes the responses of Appendix C.5, without Huffman code, with eviction [WIRE-09]", () => {
  check(new HpackDecoder({ maxTableBytes: 256 }), [
    {
      section: "C.5.1",
      block:
        sizeUpdate256 +
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32" +
        "3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      ...responses[0],
    },
    { section: "C.5.2", block: "4803 3330 37c1 c0bf", ...responses[1] },
    {
      section: "C.5.3",
      block:
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970" +
        "7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61" +
        "6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ...responses[2],
    },
  ]);
});

test("decodes the responses of Appendix C.6, with Huffman code, with eviction [WIRE-09]", () => {
  check(new HpackDecoder({ maxTableBytes: 256 }), [
    {
      section: "C.6.1",
      block:
        sizeUpdate256 +
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad" +
        "1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
      ...responses[0],
    },
    { section: "C.6.2", block: "4883 640e ffc1 c0bf", ...responses[1] },
    {
      section: "C.6.3",
      block:
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2" +
        "e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ...responses[2],
    },
  ]);
});
