import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { type TestContext, test } from "node:test";
import { Doorkeeper } from "./doorkeeper.js";

/** A doorkeeper whose timers the test moves, with what it answered and whom it let in. */
function create(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] });
  const answers: string[] = [];
  const admitted: number[] = [];
  const doorkeeper = new Doorkeeper({
    answer: (id, error) => answers.push(error === "" ? `${id}` : `${id}: ${error}`),
    expectMs: 5000,
    holdMs: 4000,
  });
  t.after(() => doorkeeper.end());
  return {
    doorkeeper,
    answers,
    admitted,
    open: (id: number) => doorkeeper.open(id, () => admitted.push(id)),
    pass: (ms: number) => {
      t.mock.timers.tick(ms);
      t.mock.timers.tick(0);
    },
    admit: () => doorkeeper.admit(new PassThrough()),
  };
}

test("answers a knock, and the next stream is for it; one without a knock is not [BRK-13] [BRK-12]", (t) => {
  const { open, doorkeeper, answers, admitted, admit } = create(t);
  open(1);
  assert.equal(admit(), false);
  doorkeeper.knock(1);
  assert.deepEqual(answers, ["1"]);
  assert.equal(admit(), true);
  assert.equal(admit(), false);
  assert.deepEqual(admitted, [1]);
});

test("a knock waits until its id is served, and is refused when it is not [BRK-13]", (t) => {
  const { open, doorkeeper, answers, pass } = create(t);
  doorkeeper.knock(1);
  doorkeeper.knock(1);
  doorkeeper.knock(2);
  pass(3999);
  open(1);
  assert.deepEqual(answers, ["1"]);
  pass(1);
  assert.deepEqual(answers, ["1", "2: nobody serves the id 2"]);
});

test("the next knock is answered when the stream of the one before has come [BRK-14]", (t) => {
  const { open, doorkeeper, answers, admitted, admit } = create(t);
  for (const id of [1, 2]) open(id);
  for (const id of [1, 2]) doorkeeper.knock(id);
  assert.deepEqual(answers, ["1"]);
  admit();
  assert.deepEqual(answers, ["1", "2"]);
  admit();
  assert.deepEqual(admitted, [1, 2]);
});

test("a stream that does not come is given up, at once where another knock waits [BRK-15]", (t) => {
  const { open, doorkeeper, answers, admitted, admit, pass } = create(t);
  for (const id of [1, 2]) open(id);
  doorkeeper.knock(1);
  doorkeeper.knock(2);
  pass(100);
  assert.deepEqual(answers, ["1", "2"]);
  admit();
  assert.deepEqual(admitted, [2]);
  doorkeeper.knock(1);
  pass(5000);
  assert.equal(admit(), false);
});

test("a stream for an id that is served no more is destroyed, and a knock for it refused [BRK-13]", (t) => {
  const { open, doorkeeper, answers } = create(t);
  for (const id of [1, 2]) open(id);
  doorkeeper.knock(1);
  doorkeeper.knock(2);
  for (const id of [1, 2]) doorkeeper.close(id);
  const stream = new PassThrough();
  assert.equal(doorkeeper.admit(stream), true);
  assert.ok(stream.destroyed);
  assert.deepEqual(answers, ["1", "2: nobody serves the id 2 any more"]);
});

test("knocks beyond measure are refused [BRK-15]", (t) => {
  const { doorkeeper, answers } = create(t);
  for (let id = 0; id < 1025; id++) doorkeeper.knock(id);
  assert.deepEqual(answers, ["1024: too many knocks wait"]);
});
