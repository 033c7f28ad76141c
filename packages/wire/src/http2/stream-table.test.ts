import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Http2Stream } from "./stream.js";
import { StreamTable } from "./stream-table.js";

const stream = (id: number) => ({ id }) as Http2Stream;

test("streams are found, counted and deleted as in a map, whichever share a slot", () => {
  const step = fc.record({ add: fc.boolean(), id: fc.integer({ min: 0, max: 2000 }).map((n) => 2 * n + 1) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new StreamTable("client");
      const model = new Map<number, Http2Stream>();
      for (const { add, id } of steps) {
        const known = model.get(id);
        if (add && known === undefined) {
          const added = stream(id);
          model.set(id, added);
          table.add(added);
        } else if (!add) {
          assert.equal(table.delete(known ?? stream(id)), model.delete(id));
        }
        assert.equal(table.get(id), model.get(id));
        assert.equal(table.size, model.size);
      }
      assert.deepEqual(new Set(table.all()), new Set(model.values()));
      table.clear();
      assert.equal(table.size, 0);
      assert.deepEqual(table.all(), []);
    }),
  );
});

test("identifiers of a client are odd and rise; those not given out yet are idle", () => {
  const table = new StreamTable("client");
  assert.deepEqual([table.takeId(), table.takeId()], [1, 3]);
  assert.ok(!table.isIdle(3));
  assert.ok(table.isIdle(5));
  assert.ok(table.isIdle(2));
  assert.ok(table.isIdle(0));
});
