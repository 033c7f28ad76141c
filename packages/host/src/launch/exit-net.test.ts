import assert from "node:assert/strict";
import { test } from "node:test";
import { createExitNet } from "./exit-net.js";

test("the net listens for the exit only while something is in it [LIFE-20]", () => {
  const before = process.listenerCount("exit");
  const net = createExitNet();
  assert.equal(process.listenerCount("exit"), before);
  const rescued: string[] = [];
  const leaveFirst = net.add(() => rescued.push("first"));
  const leaveSecond = net.add(() => rescued.push("second"));
  assert.equal(process.listenerCount("exit"), before + 1);
  leaveFirst();
  const listener = process.listeners("exit").at(-1) as () => void;
  listener();
  assert.deepEqual(rescued, ["second"]);
  leaveSecond();
  leaveSecond();
  assert.equal(process.listenerCount("exit"), before);
});
