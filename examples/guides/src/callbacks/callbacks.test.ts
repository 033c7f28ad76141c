import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "@tenon/host";
import { importing } from "./contract.js";
import { importFile, takeNumbers } from "./host.js";

for (const multiplex of [false, true]) {
  test(`the host and the plugin of the guide call each other, ${multiplex ? "multiplexed" : "by sockets"}`, async () => {
    await using host = createHost();
    const plugin = fileURLToPath(new URL("plugin.js", import.meta.url));
    const session = await host.start(importing, { process: ["node", plugin] }, { multiplex });
    const seen: number[] = [];
    const lines = await importFile(session, "words.csv", (percent) => seen.push(percent) === 2);
    assert.deepEqual([lines, seen], [0, [0, 50]]);
    assert.equal(await importFile(session, "words.csv", () => false), 1000);
    assert.deepEqual(await takeNumbers(session, 3), [1, 2, 3]);
  });
}
