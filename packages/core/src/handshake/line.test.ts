import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { type ErrorCode, TenonError } from "../errors.js";
import { formatHandshakeLine, handshakeFields, type HandshakeLine, parseHandshakeLine } from "./line.js";

const base: HandshakeLine = {
  coreVersion: 1,
  appVersion: 1,
  network: "unix",
  address: "/tmp/plugin7",
  transport: "grpc",
};
/** 72 characters, so long enough to count as a certificate. */
const certificate = "MIIB+/ab".repeat(9);

function refuses(line: string, code: ErrorCode, message?: RegExp): void {
  assert.throws(
    () => parseHandshakeLine(line),
    (error) => {
      assert.ok(error instanceof TenonError, String(error));
      assert.equal(error.code, code, JSON.stringify(line));
      if (message) assert.match(error.message, message);
      return true;
    },
  );
}

test("writes six fields, the sixth empty without TLS [HS-02]", () => {
  assert.equal(formatHandshakeLine(base), "1|1|unix|/tmp/plugin7|grpc|");
  assert.equal(formatHandshakeLine({ ...base, certificate }), `1|1|unix|/tmp/plugin7|grpc|${certificate}`);
  assert.equal(
    formatHandshakeLine({ ...base, appVersion: 2147483647, network: "tcp", address: "[::1]:80" }),
    "1|2147483647|tcp|[::1]:80|grpc|",
  );
});

test("writes a seventh field only where it is given [HS-03]", () => {
  assert.equal(formatHandshakeLine({ ...base, multiplex: true }), "1|1|unix|/tmp/plugin7|grpc||true");
  assert.equal(formatHandshakeLine({ ...base, multiplex: false }), "1|1|unix|/tmp/plugin7|grpc||false");
});

test("writes a certificate without padding [HS-14]", () => {
  assert.ok(formatHandshakeLine({ ...base, certificate: `${certificate}AB==` }).endsWith("AB"));
});

test("refuses to write an address that the line cannot carry [HS-21]", () => {
  for (const address of ["", "/tmp/a|b", "/tmp/a\nb", "/tmp/a\r", "/tmp/a\0"]) {
    assert.throws(() => formatHandshakeLine({ ...base, address }), { code: "address-invalid" });
  }
  assert.throws(() => formatHandshakeLine({ ...base, network: "tcp" }), { code: "address-invalid" });
});

test("refuses to write versions and certificates that no host reads", () => {
  for (const version of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    assert.throws(() => formatHandshakeLine({ ...base, appVersion: version }), { code: "option-invalid" });
    assert.throws(() => formatHandshakeLine({ ...base, coreVersion: version }), { code: "option-invalid" });
  }
  for (const bad of ["", "A".repeat(50), `${certificate}\n`, `${certificate}-_ab`, `${certificate}A`]) {
    assert.throws(() => formatHandshakeLine({ ...base, certificate: bad }), { code: "certificate-encoding" });
  }
});

test("reads the line of a current Go plugin", () => {
  assert.deepEqual(parseHandshakeLine("1|1|unix|/tmp/plugin764582641|grpc|"), {
    coreVersion: 1,
    appVersion: 1,
    network: "unix",
    address: "/tmp/plugin764582641",
    transport: "grpc",
  });
});

test("reads five fields as a plugin without TLS [HS-11]", () => {
  assert.deepEqual(parseHandshakeLine("1|1|unix|/tmp/plugin7|grpc"), base);
});

test("reads four fields as net/rpc [HS-09]", () => {
  assert.deepEqual(parseHandshakeLine("1|1|unix|/tmp/plugin7"), { ...base, transport: "netrpc" });
  assert.deepEqual(parseHandshakeLine("1|1|unix|/tmp/plugin7|netrpc"), { ...base, transport: "netrpc" });
});

test("drops white space around the line [HS-17]", () => {
  for (const line of [
    "1|1|unix|/tmp/plugin7|grpc|\r\n",
    "  1|1|unix|/tmp/plugin7|grpc \t",
    "\r1|1|unix|/tmp/plugin7|grpc\r",
  ]) {
    assert.deepEqual(parseHandshakeLine(line), base);
  }
  assert.equal(parseHandshakeLine("1|1|unix|/tmp/a b |grpc").address, "/tmp/a b ");
});

test("refuses other core versions [HS-04]", () => {
  for (const core of ["0", "2", "-1", "5", "10"]) refuses(`${core}|1|unix|/tmp/x|grpc`, "core-version-mismatch");
  refuses("5|0|unix|/tmp/x", "core-version-mismatch", /version 5.*speaks 1/);
  for (const core of ["+1", "01"]) assert.equal(parseHandshakeLine(`${core}|1|unix|/tmp/x|grpc`).coreVersion, 1);
});

test("refuses fewer than four fields [HS-05]", () => {
  for (const line of ["", " ", "hello", "1", "1|1", "1|1|unix", "Listening on http://localhost:8080"]) {
    refuses(line, "handshake-malformed");
  }
  refuses("1|1|unix", "handshake-malformed", /3 fields and needs 4/);
});

test("refuses versions that are no integers [HS-06]", () => {
  for (const text of ["", " ", "x", "1.0", "1e1", "0x1", "1 ", "--1"]) {
    refuses(`|${text}|unix|/tmp/x|grpc`, "handshake-malformed");
    refuses(`1|${text}|unix|/tmp/x|grpc`, "handshake-malformed");
    if (text.trim() !== "1") refuses(`${text}|1|unix|/tmp/x|grpc`, "handshake-malformed");
  }
});

test("refuses other networks [HS-07]", () => {
  for (const network of ["", "udp", "tcp4", "unixpacket", "UNIX", " unix", "pipe"]) {
    refuses(`1|1|${network}|/tmp/x|grpc`, "address-invalid");
  }
});

test("takes standard input and output only where they were asked for, and nothing else there [STD-03] [STD-04]", () => {
  const line = "1|1|stdio|-|grpc||true";
  const { network, address, multiplex } = parseHandshakeLine(line, "stdio");
  assert.deepEqual([network, address, multiplex], ["stdio", "-", true]);
  refuses(line, "transport-mismatch", /did not ask for.*\{ stdio \}/);
  const isMismatch = { code: "transport-mismatch" };
  assert.throws(() => parseHandshakeLine("1|1|unix|/tmp/x|grpc|", "stdio"), isMismatch);
  assert.throws(() => parseHandshakeLine("1|1|tcp|127.0.0.1:80", "stdio"), isMismatch);
  for (const other of ["", "x", "/tmp/x"]) refuses(`1|1|stdio|${other}|grpc|`, "address-invalid");
  assert.throws(() => formatHandshakeLine({ ...base, network: "stdio" }), { code: "address-invalid" });
});

test("refuses addresses that cannot be dialled [HS-08]", () => {
  refuses("1|1|unix||grpc|", "address-invalid");
  refuses("1|1|unix|/tmp/\0|grpc|", "address-invalid");
  refuses("1|1|unix|/tmp/a\nb|grpc|", "address-invalid");
  for (const address of ["", "x", "x:0", "::1:1", "/tmp/x"]) refuses(`1|1|tcp|${address}|grpc|`, "address-invalid");
  for (const address of ["127.0.0.1:1", "name:1", "[::1]:1", ":1"]) {
    assert.equal(parseHandshakeLine(`1|1|tcp|${address}|grpc|`).address, address);
  }
});

test("refuses other transports, an empty one too [HS-10]", () => {
  for (const transport of ["", "http", "GRPC", "grpc ", "ttrpc"]) {
    refuses(`1|1|unix|/tmp/x|${transport}|`, "transport-unsupported");
  }
});

test("ignores a short sixth field [HS-12]", () => {
  for (const text of ["", "x", "!".repeat(50), "A".repeat(50)]) {
    assert.deepEqual(parseHandshakeLine(`1|1|unix|/tmp/plugin7|grpc|${text}`), base);
  }
  assert.equal(parseHandshakeLine(`1|1|unix|/tmp/x|grpc|${"A".repeat(51)}`).certificate, "A".repeat(51));
});

test("refuses a certificate that is no base64 [HS-13]", () => {
  const bad = [
    "!".repeat(51),
    `${certificate}-_`,
    `${certificate} ab`,
    `${certificate}A`,
    `=${certificate}===`,
    "A".repeat(53),
  ];
  for (const text of bad) refuses(`1|1|unix|/tmp/x|grpc|${text}`, "certificate-encoding");
});

test("takes right padding off a certificate and refuses wrong padding [HS-14]", () => {
  assert.equal(parseHandshakeLine(`1|1|unix|/tmp/x|grpc|${certificate}AB==`).certificate, `${certificate}AB`);
  assert.equal(parseHandshakeLine(`1|1|unix|/tmp/x|grpc|${certificate}ABC=`).certificate, `${certificate}ABC`);
  for (const wrong of ["=", "AB=", "A===", "====", "AB==AB"]) {
    refuses(`1|1|unix|/tmp/x|grpc|${certificate}${wrong}`, "certificate-encoding");
  }
});

test("reads the seventh field as a Go boolean and ignores what is none, and what follows [HS-16]", () => {
  assert.equal(parseHandshakeLine("1|1|unix|/tmp/x|grpc||true").multiplex, true);
  assert.equal(parseHandshakeLine("1|1|unix|/tmp/x|grpc||0|more|fields").multiplex, false);
  for (const text of ["", "yes", "tRUE"]) {
    assert.deepEqual(parseHandshakeLine(`1|1|unix|/tmp/plugin7|grpc||${text}|x`), base);
  }
});

test("tells the first wrong field from the left [HS-24]", () => {
  refuses("x|x|x||x|!", "handshake-malformed");
  refuses("2|x|x||x|!", "core-version-mismatch");
  refuses("1|x|x||x|!", "handshake-malformed");
  refuses(`1|1|x||x|${"!".repeat(60)}`, "address-invalid");
  refuses(`1|1|unix|/x|x|${"!".repeat(60)}`, "transport-unsupported");
});

const base64Char = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".split(""));
const lines: fc.Arbitrary<HandshakeLine<"unix" | "tcp">> = fc
  .record({
    appVersion: fc.nat(2 ** 31 - 1),
    place: fc.oneof(
      fc.record({
        network: fc.constant("unix" as const),
        address: fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/[|\r\n\0]/.test(text)),
      }),
      fc.record({
        network: fc.constant("tcp" as const),
        address: fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65535 })).map(([host, port]) => `${host}:${port}`),
      }),
    ),
    transport: fc.constantFrom("grpc" as const, "netrpc" as const),
    certificate: fc.option(
      fc.string({ unit: base64Char, minLength: 51, maxLength: 900 }).filter((text) => text.length % 4 !== 1),
      { nil: undefined },
    ),
    multiplex: fc.option(fc.boolean(), { nil: undefined }),
  })
  .map(({ appVersion, place, transport, certificate, multiplex }) => ({
    coreVersion: 1,
    appVersion,
    ...place,
    transport,
    ...(certificate !== undefined && { certificate }),
    ...(multiplex !== undefined && { multiplex }),
  }));

test("reads back what it wrote, whatever ends the line [HS-22]", () => {
  fc.assert(
    fc.property(lines, fc.constantFrom("", "\n", "\r\n", "|more\n"), (line, end) => {
      const written = formatHandshakeLine(line);
      assert.doesNotMatch(written, /[\r\n]/);
      const all = end === "|more\n" && line.multiplex === undefined ? "\n" : end;
      assert.deepEqual(parseHandshakeLine(written + all), line);
    }),
  );
});

test("throws nothing but a TenonError on any input [HS-22]", () => {
  const piece = fc.oneof(
    fc.constantFrom("|", "1", "unix", "tcp", "/x", "a:1", "grpc", "true", "=", certificate, "\n", "\0"),
    fc.string({ unit: "binary" }),
  );
  const soup = fc.oneof(
    fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes)),
    fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join("|")),
  );
  fc.assert(
    fc.property(soup, (text) => {
      try {
        const line = parseHandshakeLine(text);
        assert.deepEqual(
          parseHandshakeLine(formatHandshakeLine({ ...line, appVersion: Math.max(0, line.appVersion) })).address,
          line.address,
        );
      } catch (error) {
        assert.ok(error instanceof TenonError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("reads a very long line in no time worth measuring", () => {
  refuses(`1|1|tcp|${"[".repeat(60_000)}:1|grpc`, "address-invalid");
  refuses(`1|1|unix|/x|grpc|${"A".repeat(60_001)}`, "certificate-encoding");
  refuses(" ".repeat(65_536), "handshake-malformed");
});

test("has one row per field, the required ones first", () => {
  assert.deepEqual(
    handshakeFields.map((field) => field.required),
    [true, true, true, true, false, false, false],
  );
});
