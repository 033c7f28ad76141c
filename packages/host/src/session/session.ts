import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import {
  type Contract,
  type ContractVersions,
  Health,
  type ReattachDescriptor,
  type ServiceAt,
  type ServiceNames,
  TenonError,
} from "@tenon/core";
import { createClient } from "@tenon/wire";
import type { Broker } from "@tenon/wire/broker";
import { createSessionClient } from "../host-services/session-client.js";
import type { Instance } from "../instance/instance.js";
import type { InstanceChannel, LauncherCapabilities } from "../launch/launcher.js";
import type { LogCounts } from "../logs/instance-log.js";
import { checkKeys, durationMs, signalOrNothing } from "../options/check.js";
import type { StopOutcome } from "../stop/outcome.js";
import { parseStopOptions, type StopOptions, type StopTimeouts } from "../stop/stop-options.js";

/** How {@link Session.ping} waits. */
export interface PingOptions {
  readonly signal?: AbortSignal;
  /** Default 5000. go-plugin: no limit. */
  readonly timeoutMs?: number;
}

/** The host's live view of one running instance. go-plugin: `Client` and `ClientProtocol` together. */
export interface Session<V extends ContractVersions = ContractVersions> extends AsyncDisposable {
  /** Unique within its host, and in every log record of the instance. */
  readonly id: string;
  /** Name of the plugin in messages and records. */
  readonly name: string;
  readonly contract: Contract<V>;
  /** The version of the contract that was agreed on. */
  readonly version: number;
  /** Id of the process that the instance runs in: the host's own where the instance lives inside the host. */
  readonly pid: number;
  /** What stands between the instance and the host. */
  readonly isolation: LauncherCapabilities["isolation"];
  /**
   * Whose end ends the instance: the host's (`"host"`), or nobody's but its own (`"own"`), which is so for instances that were
   * attached to and for those launched with that `lifetime`.
   */
  readonly lifetime: "host" | "own";
  /**
   * How another host, or this one after a restart, attaches to the instance. Meant for instances whose `lifetime` is their own and
   * whose TLS is not made for one session (`autoMtls: false`, or `tls`). Without secrets. go-plugin: `ReattachConfig`.
   *
   * @throws {@link TenonError} `option-invalid` where the instance has no address
   */
  readonly reattach: ReattachDescriptor;
  /** Whether the connection is mutual TLS. */
  readonly tls: boolean;
  /** Whether one connection carries the main channel and the brokered ones. */
  readonly multiplexed: boolean;
  /** Opens further channels to and from the plugin. It ends with the connection. go-plugin: the broker given to `GRPCClient`. */
  readonly broker: Broker;
  /** Milliseconds from the call of `start` until the plugin answered. */
  readonly startMs: number;
  /** Calls of this session's clients that were not answered yet; of a launcher's own channel that does not count them, 0. */
  readonly inFlight: number;
  /** Counts of the instance's output and of records made from it. */
  readonly logCounts: LogCounts;
  /**
   * A typed client of one of the version's services; always the same object for the same name. After a crash its calls fail
   * with `ConnectError` `Unavailable`, whose cause is a TenonError `plugin-exited`; after a stop, `session-closed`. Leaving a
   * stream of answers early, by `break` or `return()`, cancels its call.
   *
   * @throws {@link TenonError} `service-unknown` where the agreed version has no service of this name
   */
  client<K extends ServiceNames<V>>(name: K): Client<Extract<ServiceAt<V, K>, DescService>>;
  /**
   * Asks the plugin's health service about the service `plugin`, as go-plugin's `Ping` does, and resolves with the milliseconds
   * it took. Any answer counts; its status is not looked at. Rejects with a `ConnectError`, `Unimplemented` where there is
   * no health service; with a TenonError `instance-busy` where no answer came in time and the launcher can tell that the instance
   * works and has not come to answer.
   */
  ping(options?: PingOptions): Promise<number>;
  /**
   * Has the instance take new code while it runs: calls that begin when this has resolved run on it, those in flight end on the old
   * one. Where it fails the old code goes on. What kinds of launch can do it: those whose launcher says so.
   *
   * @throws {@link TenonError} `option-invalid` where the launcher cannot; `session-closed`; what the launcher fails with
   */
  reload(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /**
   * Ends the instance: Shutdown call, SIGTERM, SIGKILL. Resolves when nothing of it is left; never rejects but for invalid
   * options, never hangs. Every call resolves with the same outcome, that of the first one's options. An instance that is run by hand
   * (`reattach.test`) is never ended, only let go of (`detached`); one that was attached to gets signals only where its identity is
   * certain.
   */
  stop(options?: StopOptions): Promise<StopOutcome>;
  /**
   * Lets go of an instance whose `lifetime` is its own: the connection ends, the process runs on. Disposal of such a session, and the
   * host's stop, do the same.
   *
   * @throws {@link TenonError} `option-invalid` for an instance that lives by its host
   */
  detach(): Promise<StopOutcome>;
  /** Resolves when the instance has ended and nothing of it is left, whatever the reason. Never rejects. */
  readonly closed: Promise<StopOutcome>;
}

/** What a session is made of. */
export interface SessionInit<V extends ContractVersions> {
  readonly instance: Instance;
  readonly contract: Contract<V>;
  readonly version: number;
  readonly channel: InstanceChannel;
  readonly pid: number;
  readonly isolation: LauncherCapabilities["isolation"];
  readonly reload: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** Why no call may begin any more. */
  readonly leaving?: (() => ConnectError | undefined) | undefined;
  readonly tls: boolean;
  readonly multiplexed: boolean;
  readonly broker: Broker;
  readonly startMs: number;
  readonly stopDefaults: StopTimeouts;
  /** Of unary calls that name none. */
  readonly defaultTimeoutMs?: number | undefined;
  readonly describeReattach: () => ReattachDescriptor;
}

/** Creates the session of an instance that is ready. */
export function createSession<V extends ContractVersions>(init: SessionInit<V>): Session<V> {
  const { instance, contract, version, channel, stopDefaults } = init;
  const services = contract.versions[version] ?? {};
  const clients = new Map<string, Client<DescService>>();
  const health = createClient(Health, channel.transport);

  const stop = async (options?: StopOptions): Promise<StopOutcome> => {
    const { signal, ...timeouts } = parseStopOptions("stop", options, stopDefaults);
    return instance.stop(timeouts, signal);
  };

  let reattach: ReattachDescriptor | undefined;
  const detach = async (): Promise<StopOutcome> => {
    if (instance.lifetime === "own") return instance.detach();
    throw new TenonError(
      "option-invalid",
      `The plugin "${instance.plugin}" lives by its host, so it cannot be let go of. Launch it with lifetime: "own".`,
      { plugin: instance.plugin, facts: { option: "launch.lifetime" } },
    );
  };

  const session: Session<V> = {
    id: instance.id,
    name: instance.plugin,
    contract,
    version,
    pid: init.pid,
    isolation: init.isolation,
    lifetime: instance.lifetime,
    get reattach() {
      return (reattach ??= Object.freeze(init.describeReattach()));
    },
    tls: init.tls,
    multiplexed: init.multiplexed,
    broker: init.broker,
    startMs: init.startMs,
    get inFlight() {
      return Math.max(0, (channel.inFlight ?? 0) - instance.ownCalls);
    },
    get logCounts() {
      return instance.log.counts();
    },
    client<K extends ServiceNames<V>>(name: K) {
      const service = Object.hasOwn(services, name) ? services[name] : undefined;
      if (service === undefined) {
        throw new TenonError(
          "service-unknown",
          `Version ${version} of the contract "${contract.name}" has no service "${name}"; it has ` +
            `${Object.keys(services).join(", ")}.`,
          { plugin: instance.plugin, facts: { service: name, version, services: Object.keys(services) } },
        );
      }
      let client = clients.get(name);
      if (client === undefined) {
        client = createSessionClient(service, channel.transport, init.defaultTimeoutMs, init.leaving);
        clients.set(name, client);
      }
      return client as Client<Extract<ServiceAt<V, K>, DescService>>;
    },
    async ping(options) {
      const given = checkKeys("ping", options, ["signal", "timeoutMs"]);
      const timeoutMs = durationMs("ping.timeoutMs", given["timeoutMs"], 5_000);
      const signal = signalOrNothing("ping.signal", given["signal"]);
      const startedAt = performance.now();
      try {
        await health.check({ service: "plugin" }, { timeoutMs, ...(signal && { signal }) });
      } catch (error) {
        throw busyError(instance, error) ?? error;
      }
      return performance.now() - startedAt;
    },
    async reload(options) {
      const given = checkKeys("reload", options, ["signal"]);
      const signal = signalOrNothing("reload.signal", given["signal"]);
      const who = `The plugin "${instance.plugin}" (instance ${instance.id})`;
      if (init.reload === undefined) {
        throw new TenonError(
          "option-invalid",
          `${who} cannot take new code while it runs. Start a new instance beside it, then stop this one.`,
          { plugin: instance.plugin, facts: { option: "launch" } },
        );
      }
      if (instance.state.name !== "ready") {
        throw new TenonError("session-closed", `${who} has ended. Start a new instance.`, { plugin: instance.plugin });
      }
      await init.reload(signal);
    },
    stop,
    detach,
    closed: instance.closed,
    async [Symbol.asyncDispose]() {
      await (instance.lifetime === "own" ? detach() : stop());
    },
  };
  return Object.freeze(session);
}

/** What a ping without an answer fails with, where it is known that the instance is not dead. */
function busyError({ plugin, id, process }: Instance, cause: unknown): TenonError | undefined {
  if (ConnectError.from(cause).code !== Code.DeadlineExceeded) return undefined;
  const busy = process?.busy?.();
  if (busy === undefined) return undefined;
  return new TenonError(
    "instance-busy",
    `The plugin "${plugin}" (instance ${id}) is busy: its event loop has not turned for ${Math.round(busy.busyMs)} ms. ` +
      "It is not dead; ask again later, or stop it.",
    { plugin, facts: { instance: id, busyMs: busy.busyMs }, cause },
  );
}
