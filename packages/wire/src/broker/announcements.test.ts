import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Announcements } from "./announcements.js";

const at = (address: string) => ({ network: "unix", address });
const never = new AbortController().signal;

function create(t: TestContext): Announcements {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const announcements = new Announcements(5000);
  t.after(() => announcements.close());
  return announcements;
}

test("each serves one dial, in the order in which they came, before it or after [BRK-04]", async (t) => {
  const announcements = create(t);
  const early = [announcements.take(1, never), announcements.take(1, never)];
  for (const address of ["/a", "/b", "/c", "/d"]) announcements.put(1, at(address));
  assert.deepEqual(await Promise.all(early), [at("/a"), at("/b")]);
  assert.deepEqual(await announcements.take(1, never), at("/c"));
  assert.deepEqual(await announcements.take(1, never), at("/d"));
  assert.equal(announcements.unclaimedCount, 0);
});

test("one that nobody claims is forgotten after its time, and beyond 1024 the oldest [BRK-04]", async (t) => {
  const announcements = create(t);
  announcements.put(1, at("/a"));
  t.mock.timers.tick(4999);
  assert.equal(announcements.unclaimedCount, 1);
  t.mock.timers.tick(1);
  assert.equal(announcements.unclaimedCount, 0);
  for (let id = 0; id < 1025; id++) announcements.put(id, at(`/${id}`));
  assert.equal(announcements.unclaimedCount, 1024);
  assert.deepEqual(await announcements.take(1, never), at("/1"));
  announcements.close();
  assert.equal(announcements.unclaimedCount, 0);
});

test("who gives up gets nothing, and takes nothing from others [BRK-04]", async (t) => {
  const announcements = create(t);
  const giveUp = new AbortController();
  const given = announcements.take(1, giveUp.signal);
  const kept = announcements.take(1, never);
  giveUp.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  await assert.rejects(announcements.take(1, giveUp.signal), /enough/);
  announcements.put(1, at("/a"));
  assert.deepEqual(await kept, at("/a"));
});

test("of an id that lasts the newest is kept until it is dialled, whatever else comes [HSV-02]", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const announcements = new Announcements(5000, 0);
  t.after(() => announcements.close());
  for (const address of ["/old", "/new"]) announcements.put(0, at(address));
  for (let id = 1; id < 2000; id++) announcements.put(id, at(`/${id}`));
  t.mock.timers.tick(100_000);
  assert.deepEqual(await announcements.take(0, never), at("/new"));
  const late = announcements.take(0, never);
  announcements.put(0, at("/again"));
  assert.deepEqual(await late, at("/again"));
  announcements.put(0, at("/last"));
  announcements.close();
  const giveUp = new AbortController();
  const nothing = announcements.take(0, giveUp.signal);
  giveUp.abort(new Error("nothing"));
  await assert.rejects(nothing, /nothing/);
});
