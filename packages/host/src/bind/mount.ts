import type { Contract } from "@tenon/core";
import type { Hello } from "@tenon/core/bind";
import type { LogLevel, LogRecord } from "../logs/record.js";
import type { Session } from "../session/session.js";
import type { BoundLink } from "./bound-link.js";
import type { BoundPlugin, BoundState } from "./bound-plugin.js";
import { createLogIntake, isAtLeast, type LogIntake } from "./log-intake.js";

/** An instance that has dialled in, over all its links. The listener alone changes it. */
export interface Mount {
  readonly id: string;
  readonly plugin: string;
  readonly instance: string;
  readonly version: string;
  readonly since: Date;
  readonly logs: LogIntake;
  epoch: number;
  contract: Contract;
  contractVersion: number;
  remote: string;
  state: BoundState;
  link: BoundLink;
  session: Session | undefined;
  logLevel: LogLevel | "off";
  nextBeatAt: number;
  /** When it is given up, in `lost`, or cut off, in `draining`; on the clock of `performance.now`. */
  deadline: number;
  /** Takes back what would cut the link when the right to be here is revoked. */
  forgetRevocation: () => void;
}

/** What a mount begins with. */
export interface MountInit {
  readonly id: string;
  readonly hello: Hello;
  readonly contract: Contract;
  readonly contractVersion: number;
  readonly remote: string;
  readonly link: BoundLink;
  readonly logLevel: LogLevel | "off";
  readonly log: ((record: LogRecord) => void) | undefined;
}

/** Makes the mount of an instance that was not known. */
export function createMount({ id, hello, log, ...init }: MountInit): Mount {
  const { plugin, instance, version } = hello;
  const mount: Mount = {
    ...init,
    id,
    plugin,
    instance,
    version,
    since: new Date(),
    epoch: Number(hello.epoch),
    state: "mounting",
    session: undefined,
    logs: createLogIntake({ plugin, instance: id }, log, (level) => isAtLeast(level, mount.logLevel)),
    nextBeatAt: 0,
    deadline: Number.POSITIVE_INFINITY,
    forgetRevocation: () => {},
  };
  return mount;
}

/** A mount as it is shown. */
export function describeMount(mount: Mount): BoundPlugin {
  const { id, plugin, version, instance, epoch, contract, contractVersion, state, link, since, remote, logLevel } =
    mount;
  const services = Object.values(contract.versions[contractVersion] ?? {});
  return Object.freeze({
    id,
    plugin,
    version,
    instance,
    epoch,
    contract: contract.name,
    contractVersion,
    methods: Object.freeze(
      services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `${typeName}/${name}`)),
    ),
    state,
    rttMs: link.rttMs,
    inFlight: state === "lost" ? 0 : (mount.session?.inFlight ?? 0),
    since,
    remote,
    logLevel,
    logs: mount.logs.counts(),
  });
}
