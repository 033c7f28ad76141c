import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { TenonError } from "../errors.js";
import { acceptVersion, chooseVersion } from "./versions.js";

const version = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const few = fc.integer({ min: 0, max: 9 });

test("chooses the highest own version that is offered [VER-01]", () => {
  assert.equal(chooseVersion([1, 2, 3], [2, 3, 1]), 3);
  assert.equal(chooseVersion([1, 2, 3], [1, 2, 9]), 2);
  assert.equal(chooseVersion([3], [3]), 3);
  fc.assert(
    fc.property(fc.array(few, { minLength: 1 }), fc.array(few), (own, offered) => {
      const chosen = chooseVersion(own, offered);
      const common = own.filter((each) => offered.includes(each));
      if (common.length > 0) assert.ok(common.includes(chosen) && common.every((each) => each <= chosen));
    }),
  );
});

test("chooses its lowest without a list or a match [VER-02]", () => {
  assert.equal(chooseVersion([3, 2, 5], []), 2);
  assert.equal(chooseVersion([3, 2, 5], [7]), 2);
  assert.equal(chooseVersion([3, 2, 5], [-2]), 2);
});

test("does not care about order or repetition [VER-05]", () => {
  fc.assert(
    fc.property(
      fc
        .array(few, { minLength: 1 })
        .chain((own) => fc.tuple(fc.constant(own), fc.shuffledSubarray(own, { minLength: own.length }))),
      fc
        .array(few)
        .chain((offered) =>
          fc.tuple(fc.constant(offered), fc.shuffledSubarray(offered, { minLength: offered.length })),
        ),
      ([own, ownShuffled], [offered, offeredShuffled]) => {
        assert.equal(chooseVersion(own, offered), chooseVersion([...ownShuffled, ...own], offeredShuffled));
      },
    ),
  );
});

test("leaves its arguments alone", () => {
  const own = Object.freeze([3, 1, 2]);
  chooseVersion(own, Object.freeze([2, 1]));
  assert.equal(acceptVersion(own, 2), 2);
});

test("needs a version to choose from", () => {
  assert.throws(() => chooseVersion([], [1]), { code: "option-invalid" });
});

test("accepts every own version and no other [VER-03, VER-04]", () => {
  fc.assert(
    fc.property(fc.array(version, { minLength: 1 }), version, (own, answered) => {
      for (const each of own) assert.equal(acceptVersion(own, each), each);
      if (own.includes(answered)) return;
      assert.throws(
        () => acceptVersion(own, answered),
        (error) => error instanceof TenonError && error.code === "version-mismatch",
      );
    }),
  );
});

test("names the versions of both sides [VER-04]", () => {
  assert.throws(() => acceptVersion([10, 9], 2, "kv"), {
    code: "version-mismatch",
    message: 'The plugin "kv" serves version 2 of the contract, the host has versions 9, 10. Update the plugin.',
    plugin: "kv",
    facts: { answered: 2, own: [9, 10] },
  });
  assert.throws(() => acceptVersion([1], 2), {
    message: "The plugin serves version 2 of the contract, the host has version 1. Update the host, or the plugin.",
  });
});

test("lets every pair that has a version in common meet, whatever their ages", () => {
  fc.assert(
    fc.property(fc.array(few, { minLength: 1 }), fc.array(few, { minLength: 1 }), (plugin, host) => {
      fc.pre(plugin.some((each) => host.includes(each)));
      const chosen = chooseVersion(plugin, host);
      assert.equal(acceptVersion(host, chosen), chosen);
    }),
  );
});
