import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { HealthCheckRequestSchema } from "@tenon/core";
import * as fc from "fast-check";
import type { HeaderField } from "../hpack/field.js";
import { errorFromHttpStatus, errorFromTrailers, fieldsFromError } from "./status.js";
import { decodeStatusDetails, encodeStatusDetails } from "./status-details.js";
import { decodeStatusMessage, encodeStatusMessage } from "./status-message.js";

test("a message of any characters survives percent-encoding and is plain ASCII on the wire [WIRE-05]", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (message) => {
      const encoded = encodeStatusMessage(message);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeStatusMessage(encoded), message);
    }),
  );
});

test("broken escapes stay as they are", () => {
  assert.equal(decodeStatusMessage("100%"), "100%");
  assert.equal(decodeStatusMessage("%zz%4"), "%zz%4");
  assert.equal(decodeStatusMessage("%E2%98"), "\ufffd");
});

test("details survive, unknown bytes are no details [WIRE-05]", () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), (message, bytes) => {
      const status = { code: 9, message, details: [{ type: "a.B", value: new Uint8Array(bytes) }] };
      assert.deepEqual(decodeStatusDetails(encodeStatusDetails(status)), status);
      decodeStatusDetails(Buffer.from(bytes).toString("base64"));
    }),
  );
});

test("an error becomes trailers and the same error again [WIRE-05]", () => {
  const sent = new ConnectError("not ☺ found", Code.NotFound, { "x-hint": "look elsewhere", "grpc-status": "0" }, [
    { desc: HealthCheckRequestSchema, value: { service: "detail" } },
  ]);
  const fields = fieldsFromError(sent);
  const received = errorFromTrailers(fields, [["x-head", "1"]]);
  assert.ok(received !== undefined);
  assert.equal(received.code, Code.NotFound);
  assert.equal(received.rawMessage, "not ☺ found");
  assert.equal(received.metadata.get("x-hint"), "look elsewhere");
  assert.equal(received.metadata.get("x-head"), "1");
  assert.deepEqual(
    received.findDetails(HealthCheckRequestSchema).map(({ service }) => service),
    ["detail"],
  );
});

test("a message of a megabyte is cut, not sent", () => {
  const fields = new Map(fieldsFromError(new ConnectError("x".repeat(1_000_000), Code.Internal)) as [string, string][]);
  assert.ok(fields.get("grpc-message")!.length < 10_000);
});

test("trailers without a proper status are an error; a code nobody knows is UNKNOWN", () => {
  const codeOf = (...fields: HeaderField[]) => errorFromTrailers(fields, [])?.code;
  assert.equal(codeOf(["grpc-status", "0"]), undefined);
  assert.equal(codeOf(["grpc-status", "16"]), Code.Unauthenticated);
  assert.equal(codeOf(["grpc-status", "17"]), Code.Unknown);
  assert.equal(codeOf(), Code.Internal);
  assert.equal(codeOf(["grpc-status", "one"]), Code.Internal);
});

test("HTTP statuses map to the codes that gRPC gives them", () => {
  const table = { "400": 13, "401": 16, "403": 7, "404": 12, "429": 14, "502": 14, "503": 14, "504": 14, "500": 2 };
  for (const [status, code] of Object.entries(table)) assert.equal(errorFromHttpStatus(status, []).code, code);
});
