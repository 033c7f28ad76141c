import type { Contract, ContractVersions } from "@tenon/core";
import type { StdoutReader } from "../handshake/stdout-reader.js";
import type { InstanceHostServices } from "../host-services/create-host-services.js";
import type { Instance } from "../instance/instance.js";
import type { ExitNet } from "../launch/exit-net.js";
import type { Launcher } from "../launch/launcher.js";
import type { SocketDirectories } from "../sockets/socket-directories.js";
import type { ParsedLaunch } from "../launch/parsed-launch.js";
import type { ExitFacts } from "../launch/exit-facts.js";
import type { ParsedStartOptions } from "../start-options.js";
import type { CertificateStock } from "./certificates.js";
import type { StartWatch } from "./start-watch.js";

/** Everything a start needs, checked. */
export interface StartRequest<V extends ContractVersions> {
  readonly id: string;
  /** Name of the host. */
  readonly host: string;
  readonly contract: Contract<V>;
  /** What the instance may call of the host; undefined where its contract declares nothing. */
  readonly hostServices: InstanceHostServices | undefined;
  readonly launch: ParsedLaunch;
  readonly options: ParsedStartOptions;
  /** The environment to inherit from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly exitNet: ExitNet;
  readonly socketDirectories: SocketDirectories;
  /** Takes what the host calls when it is stopped during this start; returns the way to take that back. */
  readonly onHostStop: (listener: () => void) => () => void;
  /** The launcher of a launch that names none. */
  readonly processLauncher: Launcher;
  /** Of the host. */
  readonly certificates: CertificateStock;
}

/** How long the end of the process and the end of its standard output may lag behind each other. */
export const exitLagMs = 250;

/** What is known so far, for the error if it comes to that. */
export interface Progress {
  /** Where the plugin was told to make its sockets. */
  socketDir?: string | undefined;
  file?: string;
  stdout?: StdoutReader;
  /** How the process ended before the host laid hands on it. */
  exit?: ExitFacts | undefined;
}

/** What every stage of a start works with. */
export interface StartStage {
  readonly instance: Instance;
  readonly watch: StartWatch;
  readonly progress: Progress;
}

/** The version numbers of a contract. */
export function versionsOf(contract: Contract): number[] {
  return Object.keys(contract.versions).map(Number);
}
