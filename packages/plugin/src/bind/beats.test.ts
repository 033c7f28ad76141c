import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { BeatSchema } from "@tenon/core/bind";
import { Beats } from "./beats.js";

function start(t: { after(clean: () => void): void }) {
  mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  const clock = mock.method(performance, "now", () => now);
  const heard: string[] = [];
  const sent: { id: bigint; busyMs: number }[] = [];
  const beats = new Beats({
    heartbeatMs: 1000,
    deadAfterMs: 3000,
    send: (id, busyMs) => sent.push({ id, busyMs }),
    onSuspect: (ms) => heard.push(`suspect ${ms}`),
    onRecovered: (ms) => heard.push(`recovered ${ms}`),
    onDead: (ms) => heard.push(`dead ${ms}`),
  });
  t.after(() => {
    beats.stop();
    clock.mock.restore();
    mock.timers.reset();
  });
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 500) {
      now += 500;
      mock.timers.tick(500);
    }
  };
  /** The event loop stands still. */
  const block = (ms: number) => {
    now += ms;
    mock.timers.tick(500);
  };
  return { beats, heard, sent, pass, block };
}

test("asks once a heartbeat, and measures the round trip [BPL-06]", (t) => {
  const { beats, sent, pass } = start(t);
  pass(2000);
  assert.deepEqual(
    sent.map(({ id }) => Number(id)),
    [1, 2, 3],
  );
  beats.answered(create(BeatSchema, { id: 1n }));
  assert.equal(beats.roundTripMs, 2000);
});

test("silence is suspected after 1.5 heartbeats and death after the host's time [BPL-06]", (t) => {
  const { beats, heard, pass } = start(t);
  pass(1000);
  beats.heard();
  pass(1500);
  assert.deepEqual(heard, ["suspect 1500"]);
  beats.heard();
  pass(3000);
  assert.deepEqual(heard, ["suspect 1500", "recovered 1500", "suspect 1500", "dead 3000"]);
});

test("who stood still itself accuses nobody, and says so [BPL-06]", (t) => {
  const { beats, heard, sent, block, pass } = start(t);
  block(20_000);
  assert.deepEqual(heard, []);
  assert.equal(sent.at(-1)?.busyMs, 19_500);
  pass(1500);
  assert.deepEqual(heard, ["suspect 1500"]);
  beats.heard();
});

test("silence while nothing is read is not the peer's [BPL-06]", (t) => {
  const { beats, heard, pass } = start(t);
  beats.hold(true);
  pass(10_000);
  assert.deepEqual(heard, []);
  beats.hold(false);
  pass(1500);
  assert.deepEqual(heard, ["suspect 1500"]);
});
