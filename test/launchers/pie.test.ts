import { describe } from "node:test";
import { launcherCompliance, type LauncherRig } from "@tenon/testkit";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";
import { hostRig, lacksOfProcesses, specimenCommand } from "./host-rig.js";

useSandbox();

/** What JSON-RPC 1.0 has no words for; see docs/protocol/pie.md. */
const lacks: NonNullable<LauncherRig["lacks"]> = {
  ...lacksOfProcesses,
  streams: "JSON-RPC has none",
  headers: "JSON-RPC has none",
  details: "an error of JSON-RPC is a text",
  abort: "nothing tells the other side",
  deadline: "nothing tells the other side",
  versions: "there is no handshake",
  "host-services": "a provider answers, and cannot ask",
};

describe("a provider of pie [LAU-06]", () => {
  const [, file] = fixture("specimen-pie-plugin");
  launcherCompliance(hostRig((request) => ({ pie: specimenCommand(request, file) }), lacks));
});
