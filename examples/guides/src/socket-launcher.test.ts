import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { defineContract, isTenonError } from "@tenon/core";
import { createHost } from "@tenon/host";
import { hostServices, implement, type Plugin, serveStream } from "@tenon/plugin";
import { launcherCompliance, type LauncherRig } from "@tenon/testkit";
import { createSpecimen, Specimen, SpecimenHost } from "@tenon/testkit/specimen";
import { words } from "./contract.js";
import plugin from "./plugin.js";
import { socketLauncher } from "./socket-launcher.js";

const folder = mkdtempSync(join(tmpdir(), "s-"));
after(() => rmSync(folder, { recursive: true }));

/** A daemon that serves a plugin, made anew, to each connection. */
async function listen(path: string, make: () => Plugin, version: number) {
  const environment = { PLUGIN_PROTOCOL_VERSIONS: String(version), PLUGIN_MULTIPLEX_GRPC: "true" };
  const daemon = createServer({ allowHalfOpen: true }, (socket) => void serveStream(make(), socket, { environment }));
  await once(daemon.listen(path), "listening");
  return daemon;
}

test("a launcher that needs no command starts an instance, and stops it [LAU-10]", async () => {
  const path = join(folder, "words");
  const daemon = await listen(path, () => plugin, 2);
  await using host = createHost();
  const launcher = socketLauncher({ path, version: 2 });
  const session = await host.start(words, { launcher });
  assert.equal((await session.client("words").count({ text: "no command at all" })).words, 4);
  assert.equal(session.version, 2);
  await session.stop();
  daemon.close();
});

test("where nobody listens the start fails with launcher-failed", async () => {
  await using host = createHost();
  const launcher = socketLauncher({ path: join(folder, "nobody"), version: 2 });
  await assert.rejects(host.start(words, { launcher }), (error) => isTenonError(error, "launcher-failed"));
});

const specimen = defineContract({
  name: "specimen",
  cookie: { key: "SPECIMEN_PLUGIN", value: "8d1f6a" },
  versions: { 1: { specimen: Specimen } },
  hostServices: { host: SpecimenHost },
});
const host = (context: Parameters<typeof hostServices>[1]) => hostServices(specimen, context).host;

const path = join(folder, "specimen");
const rig: LauncherRig = {
  lacks: {
    versions: "the launcher says the version",
    exit: "the daemon of this test is the test itself",
    block: "the daemon of this test is the test itself",
    heap: "the daemon of this test is the test itself",
    buffers: "the daemon of this test is the test itself",
    "stray-errors": "the daemon of this test is the test itself",
    prints: "the daemon of this test is the test itself",
  },
  async open(request) {
    const host = createHost();
    const launch = { launcher: socketLauncher({ path, version: 1 }) };
    const session = await host.start(specimen, launch, { hostServices: { host: request.host } });
    return {
      client: session.client("specimen"),
      version: session.version,
      closed: session.closed,
      stop: () => session.stop(),
      release: () => host.stop(),
    };
  },
};

describe("the launcher of the guide passes the suite [LAU-10]", () => {
  let daemon: Awaited<ReturnType<typeof listen>>;
  before(async () => {
    daemon = await listen(path, () => implement(specimen, { specimen: createSpecimen({ host }) }), 1);
  });
  after(() => daemon.close());
  launcherCompliance(rig);
});
