import assert from "node:assert/strict";
import { test } from "node:test";
import { toPlain } from "./plain.js";

test("turns what JSON cannot carry into something it can [LOG-14]", () => {
  const date = new Date(0);
  const plain = toPlain({
    big: 12n,
    date,
    never: new Date(Number.NaN),
    map: new Map<unknown, unknown>([
      ["a", 1],
      [{ b: 2 }, new Set([3n])],
    ]),
    bytes: new Uint8Array([1, 255]),
    nothing: undefined,
    none: null,
    infinite: Number.POSITIVE_INFINITY,
    url: new URL("http://localhost/x"),
    pattern: /a+/,
    named: function name() {},
    symbol: Symbol("s"),
    json: { toJSON: () => ({ x: 1 }) },
  });
  assert.deepEqual(plain, {
    big: "12",
    date: "1970-01-01T00:00:00.000Z",
    never: "Invalid Date",
    map: { a: 1, '{"b":2}': ["3"] },
    bytes: "01ff",
    none: null,
    infinite: "Infinity",
    url: "http://localhost/x",
    pattern: "/a+/",
    named: "[function name]",
    symbol: "Symbol(s)",
    json: { x: 1 },
  });
});

test("keeps what an error carries [LOG-14]", () => {
  const error = Object.assign(new TypeError("bad", { cause: new Error("why") }), { code: "E1" });
  const plain = toPlain(error) as Record<string, unknown>;
  assert.equal(plain["name"], "TypeError");
  assert.equal(plain["message"], "bad");
  assert.equal(plain["code"], "E1");
  assert.match(String(plain["stack"]), /plain\.test/);
  assert.equal((plain["cause"] as Record<string, unknown>)["message"], "why");
});

test("survives cycles, depth, breadth and values that throw [LOG-14]", () => {
  const cyclic: Record<string, unknown> = { list: [] };
  cyclic["self"] = cyclic;
  (cyclic["list"] as unknown[]).push(cyclic);
  assert.deepEqual(toPlain(cyclic), { list: ["[circular]"], self: "[circular]" });

  const shared = { x: 1 };
  assert.deepEqual(toPlain([shared, shared]), [shared, shared]);

  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  assert.match(JSON.stringify(toPlain(deep)), /too deep/);
  assert.equal((toPlain(Array.from({ length: 1000 }).fill(0)) as unknown[]).length, 257);

  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = {
    get bad() {
      throw new Error("no");
    },
    proxy,
    json: {
      toJSON() {
        throw new Error("no");
      },
    },
  };
  assert.deepEqual(toPlain(hostile), { bad: "[unreadable]", proxy: "[unreadable]", json: "[unreadable]" });
});

test("keeps a member called __proto__ as a member [LOG-14]", () => {
  const plain = toPlain(JSON.parse('{"__proto__":{"polluted":true}}'));
  assert.equal(JSON.stringify(plain), '{"__proto__":{"polluted":true}}');
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
