import { type Contract, type ContractServices, type ContractVersions, TenonError } from "@tenon/core";
import { createExitNet } from "./launch/exit-net.js";
import { hostProcess } from "./launch/host-process.js";
import { processLauncher } from "./launch/process-launcher.js";
import { isAttach, parseAttach } from "./attach/attach-launch.js";
import { type AnyLaunch, parseLaunch } from "./launch/parse-launch.js";
import { createParsedLaunch, type ParsedLaunch } from "./launch/parsed-launch.js";
import type { BindListener, ListenerHost } from "./bind/bind-listener.js";
import type { ListenOptions } from "./bind/options.js";
import type { ReattachDescriptor } from "@tenon/core";
import { createSocketDirectories } from "./sockets/socket-directories.js";
import type { LogRecord } from "./logs/record.js";
import { booleanOr, checkKeys, describe, functionOrNothing, invalidOption, textOrNothing } from "./options/check.js";
import type { Session } from "./session/session.js";
import { type ParsedStartOptions, parseStartOptions, type StartOptions } from "./start-options.js";
import type { CertificateStock } from "./start/certificates.js";
import type { StopOutcome } from "./stop/outcome.js";
import { defaultStopTimeouts, parseStopOptions, type StopOptions } from "./stop/stop-options.js";

/** What a host is created with. */
export interface HostOptions {
  /** Name of the host in messages. Default "host". */
  readonly name?: string;
  /** Receives what the plugins say, and what the host says about them. Default: nobody; counts and tails are kept. */
  readonly log?: (record: LogRecord) => void;
  /** The environment that plugins inherit from. Default: the process's, as it is at each start. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Whether a shell sleeps beside this process while instances run, to remove their socket directories if this process is
   * killed. Without it the next host of the same user does that when it starts its first instance, and Tenon's own
   * plugins do it themselves. Not on Windows. Default true. go-plugin has nothing of the kind.
   */
  readonly janitor?: boolean;
  /** Options of every start that does not set them itself. */
  readonly defaults?: Omit<StartOptions, "name" | "signal">;
}

/** Starts plugins and holds on to them until they are stopped. */
export interface Host extends AsyncDisposable {
  /**
   * Starts an instance and connects to it, or attaches to one that runs already.
   *
   * @throws {@link TenonError} `option-invalid` for arguments; `host-closed`; else one of the start codes, with
   *   {@link StartFacts} in its facts. Nothing of the instance is left then. An attach that fails leaves the instance as it is;
   *   `instance-not-found` where it is gone.
   */
  start<V extends ContractVersions, H extends ContractServices = ContractServices>(
    contract: Contract<V, H>,
    launch: AnyLaunch,
    options?: StartOptions<NoInfer<H>>,
  ): Promise<Session<V>>;
  /**
   * Listens for plugins that dial in and offer themselves: nothing is started. Each one that is admitted has a session, which is one of
   * `sessions`. go-plugin has nothing of the kind.
   *
   * @throws {@link TenonError} `option-invalid`, `host-closed`, `listen-failed`
   */
  listen(options: ListenOptions): Promise<BindListener>;
  /** The sessions that have not ended, oldest first. */
  readonly sessions: readonly Session[];
  /**
   * Closes every listener and ends every session at once (those with a `lifetime` of their own are let go of), gives up every start under way (`host-closed`), and starts nothing any more. Resolves with the
   * outcomes of the sessions. go-plugin: `CleanupClients`, for all hosts of the process.
   */
  stop(options?: StopOptions): Promise<StopOutcome[]>;
}

/**
 * Creates a host. It does nothing yet, and touches nothing global: while it has instances it listens for the `exit` event of
 * the process, to kill them if the application leaves without stopping it.
 *
 * @throws {@link TenonError} `option-invalid`, naming the option
 */
export function createHost(options: HostOptions = {}): Host {
  const { name, log, environment, defaults, janitor } = parseHostOptions(options);
  const sessions = new Set<Session>();
  const starts = new Set<Promise<unknown>>();
  const giveUps = new Set<() => void>();
  const listeners = new Set<BindListener>();
  let isClosed = false;
  const exitNet = createExitNet();
  const socketDirectories = createSocketDirectories(janitor);
  const childProcesses = processLauncher();
  const certificates: CertificateStock = {};
  let nextId = 1;
  const checkOpen = () => {
    if (!isClosed) return;
    throw new TenonError(
      "host-closed",
      `The host "${name}" was stopped and starts nothing any more. Create a new host.`,
    );
  };

  const start = async <V extends ContractVersions>(
    contract: Contract<V>,
    launch: AnyLaunch,
    startOptions?: StartOptions,
  ): Promise<Session<V>> => {
    checkOpen();
    checkContract(contract);
    checkKeys("options", startOptions);
    const parsed = parseStartOptions("options", { ...(log && { log }), ...defaults, ...startOptions });
    const plugin = parsed.name ?? contract.name;
    const from = isAttach(launch) ? { descriptor: parseAttach(launch) } : { launch: parseLaunch(launch) };
    const id = `${plugin}-${nextId}`;
    nextId++;
    return begin(contract, from, id, parsed);
  };

  /** Everything behind the arguments of a start. */
  const begin = async <V extends ContractVersions>(
    contract: Contract<V>,
    from: { readonly descriptor: ReattachDescriptor } | { readonly descriptor?: never; readonly launch: ParsedLaunch },
    id: string,
    parsed: ParsedStartOptions,
  ): Promise<Session<V>> => {
    const plugin = parsed.name ?? contract.name;
    const inherited = environment ?? hostProcess.environment();
    const { attachInstance, createHostServices, startInstance } = await import("./start/late.js");
    checkOpen();
    const { maxCallDepth } = parsed;
    const common = {
      id,
      host: name,
      contract,
      hostServices: createHostServices(contract, parsed.hostServices, {
        host: name,
        plugin,
        instance: id,
        maxCallDepth,
      }),
      options: parsed,
      exitNet,
      onHostStop: (listener: () => void) => {
        giveUps.add(listener);
        return () => {
          giveUps.delete(listener);
        };
      },
    };
    let starting: Promise<Session<V>>;
    if (from.descriptor !== undefined) {
      starting = attachInstance({ ...common, descriptor: from.descriptor });
    } else {
      starting = startInstance({
        ...common,
        launch: from.launch,
        environment: inherited,
        socketDirectories,
        processLauncher: childProcesses,
        certificates,
      });
    }
    const session = await starting;
    const untyped = session as unknown as Session;
    sessions.add(untyped);
    void session.closed.then(() => sessions.delete(untyped));
    return session;
  };

  /** A stop waits for it, whatever comes of it. */
  const track = <T>(started: Promise<T>): Promise<T> => {
    starts.add(started);
    const forget = (): void => {
      starts.delete(started);
    };
    started.then(forget, forget);
    return started;
  };

  const listen = async (listenOptions: ListenOptions): Promise<BindListener> => {
    checkOpen();
    const { createListener, parseListenOptions } = await import("./bind/late.js");
    const parsed = parseListenOptions({ ...(log && { log }), ...listenOptions });
    const { tls: _, ...inheritable } = defaults;
    const own = parseStartOptions("listen.session", {
      ...inheritable,
      ...parsed.session,
      hostServices: listenOptions.hostServices ?? {},
      ...(parsed.log && { log: parsed.log }),
    });
    const starting: ListenerHost["start"] = (contract, launcher, id, plugin) => {
      const launch = createParsedLaunch({
        launcher,
        label: [launcher.name],
        transport: "none",
        inheritEnv: false,
        lifetime: "own",
      });
      return track(begin(contract, { launch }, id, { ...own, name: plugin }));
    };
    checkOpen();
    const forget = (): void => void listeners.delete(listener);
    const listener = await createListener(parsed, { name, start: starting, onClosed: forget });
    if (isClosed) await listener.close();
    checkOpen();
    listeners.add(listener);
    return listener;
  };

  const stop = async (stopOptions?: StopOptions): Promise<StopOutcome[]> => {
    parseStopOptions("stop", stopOptions, defaultStopTimeouts);
    isClosed = true;
    for (const giveUp of giveUps) giveUp();
    const closing = Promise.all([...listeners].map((listener) => listener.close()));
    const running = [...sessions];
    const end = (session: Session) => (session.lifetime === "own" ? session.detach() : session.stop(stopOptions));
    const outcomes = running.map(end);
    await Promise.allSettled([...starts, closing]);
    // A start can succeed in the moment in which it is given up.
    const late = [...sessions].filter((session) => !running.includes(session));
    return Promise.all([...outcomes, ...late.map(end)]);
  };

  const host: Host = {
    start(contract, launch, startOptions) {
      return track(start(contract, launch, startOptions));
    },
    listen: (listenOptions) => track(listen(listenOptions)),
    get sessions() {
      return [...sessions];
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
  return Object.freeze(host);
}

function parseHostOptions(options: HostOptions) {
  checkKeys("options", options, ["name", "log", "environment", "janitor", "defaults"]);
  const { environment, defaults } = options;
  if (environment !== undefined && (typeof environment !== "object" || environment === null)) {
    throw invalidOption("options.environment", `it must be an object of texts, not ${describe(environment)}`);
  }
  for (const key of ["name", "signal"]) {
    if (Object.hasOwn(Object(defaults), key)) {
      throw invalidOption(`options.defaults.${key}`, "it belongs to a single start");
    }
  }
  parseStartOptions("options.defaults", defaults);
  return Object.freeze({
    name: textOrNothing("options.name", options.name) ?? "host",
    log: functionOrNothing("options.log", options.log),
    environment: environment && Object.freeze({ ...environment }),
    janitor: booleanOr("options.janitor", options.janitor, true),
    defaults: Object.freeze({ ...defaults }),
  });
}

function checkContract(contract: Contract): void {
  if (typeof contract?.name === "string" && typeof contract.cookie?.key === "string" && contract.versions) return;
  throw invalidOption("contract", "it must be what defineContract returns");
}
