import type { Host, StartOptions } from "@tenon/host";
import { fixture } from "../support/fixture.js";

type Launch = Parameters<Host["start"]>[1];

/** One way to run the plugin of these tests. */
export interface Way {
  readonly name: string;
  readonly launch: Launch;
  readonly options: StartOptions;
}

const command = fixture("host-services-plugin");
const launch = { process: command };
const file = command[1]!;

/** The ways in which host services reach a plugin. */
export const ways: readonly Way[] = [
  { name: "by sockets, AutoMTLS", launch, options: {} },
  { name: "by sockets, plaintext", launch, options: { autoMtls: false } },
  { name: "multiplexed", launch, options: { multiplex: true } },
  { name: "over stdio", launch: { stdio: command }, options: {} },
  { name: "in a worker", launch: { worker: file }, options: {} },
  { name: "inline", launch: { inline: file }, options: {} },
  { name: "inline, copied", launch: { inline: file, copy: true }, options: {} },
];
