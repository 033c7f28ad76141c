import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe } from "node:test";
import { createHost, type Session } from "@tenon/host";
import { admitAnyone, type ListenOptions, requireCertificate } from "@tenon/host/bind";
import type { BindTlsSettings } from "@tenon/plugin/bind";
import { eventually, launcherCompliance, type LauncherComplianceOptions, type LauncherRig } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire/tls";
import { specimen } from "../fixtures/specimen.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { lacksOfProcesses, specimenCommand, stop } from "./host-rig.js";

const sandbox = useSandbox();
const file = fixture("specimen-bound")[1]!;
let count = 0;

interface Way {
  /** How much of the suite is called. Default: what depends on what the link is made of. */
  readonly suite?: LauncherComplianceOptions;
  readonly listen: Partial<ListenOptions>;
  readonly dial?: (address: string) => { readonly to: string; readonly tls?: BindTlsSettings };
}

/** A plugin process that dials in to a host of its own. */
function remoteRig({ listen, dial = (to) => ({ to }) }: Way): LauncherRig {
  return {
    lacks: {
      ...lacksOfProcesses,
      "exit-code": "the host sees the end of a link, not that of a process",
    },
    async open(request) {
      const host = createHost();
      const address = listen.address?.replace("%", String(count++));
      const listener = await host.listen({
        admit: admitAnyone(),
        contracts: [specimen],
        hostServices: { host: request.host },
        session: { stop },
        log: () => {},
        ...listen,
        ...(address !== undefined && { address }),
      });
      const [program, ...args] = specimenCommand(request, file);
      const child = spawn(program, args, {
        env: { ...process.env, BIND: JSON.stringify(dial(listener.address)) },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => (stderr = (stderr + String(chunk)).slice(-2000)));
      const exited = new Promise((resolve) => child.once("close", resolve));
      const find = () => {
        assert.equal(child.exitCode, null, stderr);
        return listener.session("specimen") as Session<typeof specimen.versions> | undefined;
      };
      const session = await eventually(find, { timeoutMs: 20_000, what: "the session" }).catch(
        async (error: unknown) => {
          child.kill("SIGKILL");
          await host.stop();
          throw error;
        },
      );
      return {
        client: session.client("specimen"),
        version: session.version,
        closed: session.closed,
        async stop() {
          await session.stop();
          // Its process is nobody's here but the test's.
          const timer = setTimeout(() => child.kill("SIGKILL"), 1000);
          await exited;
          clearTimeout(timer);
        },
        release: () => host.stop(),
      };
    },
  };
}

const own = createCertificate();
const plugins = createCertificate({ commonName: "specimen" });

/** The certificate is for a name. */
const dialByName: Way["dial"] = (address) => ({
  to: address.replace("127.0.0.1", "localhost"),
  tls: { ca: own.certPem, cert: plugins.certPem, key: plugins.keyPem },
});

const ways: Readonly<Record<string, Way>> = {
  TCP: { listen: {}, suite: {} },
  "a unix socket": { listen: { address: `unix:${join(sandbox.directory, "bind-%.sock")}` } },
  "mutual TLS": {
    listen: { admit: requireCertificate(), tls: { cert: own.certPem, key: own.keyPem, ca: plugins.certPem } },
    dial: dialByName,
  },
  "a WebSocket": {
    listen: { address: "ws://127.0.0.1:0/bind" },
    ...(process.env["EVERY_AREA"] === "1" && { suite: {} }),
  },
  "a WebSocket with mutual TLS": {
    listen: {
      address: "wss://127.0.0.1:0/bind",
      admit: requireCertificate(),
      tls: { cert: own.certPem, key: own.keyPem, ca: plugins.certPem },
    },
    dial: dialByName,
    suite: { areas: ["base", "streams", "close"] },
  },
};

/** What does depend on what the link is made of. */
const areas = ["base", "streams", "back-pressure", "host services", "close", "crash"];

for (const [name, way] of Object.entries(ways)) {
  describe(`a plugin that dials in over ${name} [BPL-18]`, () => {
    launcherCompliance(remoteRig(way), way.suite ?? { areas });
  });
}
