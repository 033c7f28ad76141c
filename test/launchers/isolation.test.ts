import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "@tenon/host";
import { specimen } from "../fixtures/specimen.js";
import { read, tableRows } from "../docs/pages.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { specimenFile } from "./host-rig.js";

useSandbox();

/** Launch, as the first table of the guide names it, to the isolation that it claims. */
const claimed = new Map(
  tableRows(read("docs/guides/launchers.md")).map(([launch = "", isolation = ""]) => [
    launch.replaceAll("`", ""),
    isolation.replaceAll("`", ""),
  ]),
);

test("a session is as isolated as the guide says of its launch [LAU-11]", async () => {
  await using host = createHost();
  const command = [process.execPath, specimenFile] as const;
  const own = await host.start(specimen, { process: command, lifetime: "own" }, { autoMtls: false });
  const launches = [
    ["{ inline }", { inline: specimenFile }],
    ["{ worker }", { worker: specimenFile }],
    ["{ process }", { process: command }],
    ["{ stdio }", { stdio: command }],
    ["{ pie }", { pie: fixture("specimen-pie-plugin") }],
    ["{ attach }", { attach: own.reattach }],
  ] as const;
  for (const [name, launch] of launches) {
    const session = await host.start(specimen, launch);
    assert.equal(session.isolation, claimed.get(name), name);
    await session.stop();
  }
  await own.stop();
});
