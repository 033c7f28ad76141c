import { TenonError } from "@tenon/core";
import type { Hello } from "@tenon/core/bind";
import { createDeferred } from "../async/deferred.js";
import type { LogLevel } from "../logs/record.js";
import type { Session } from "../session/session.js";
import type { Announcer } from "./announcer.js";
import { bindLauncher } from "./bind-launcher.js";
import type { ListenerHost } from "./bind-listener.js";
import type { BoundLink, LinkEnd } from "./bound-link.js";
import { isRefusal } from "./facts.js";
import { hostFrames, toLevel } from "./frames.js";
import type { Greeted } from "./greet.js";
import { bindProtocol, type HelloRefusal, hostClosing } from "./hello.js";
import { createMount, type Mount } from "./mount.js";
import type { ParsedListenOptions } from "./options.js";

/** Instances that were kicked and are remembered, at most. */
const maxKicked = 10_000;

/** A plugin that leaves by itself keeps its own time; one that does not is cut off so much later, in milliseconds. */
const leaveGraceMs = 1000;

/** The instances of one listener. It alone moves them from state to state. */
export class Mounts {
  readonly #options: ParsedListenOptions;
  readonly #host: ListenerHost;
  readonly #announcer: Announcer;
  readonly #mounts = new Map<string, Mount>();
  readonly #kicked = new Set<string>();
  readonly #unmounted = new Map<Mount, () => void>();
  #isClosing = false;

  constructor(options: ParsedListenOptions, host: ListenerHost, announcer: Announcer) {
    this.#options = options;
    this.#host = host;
    this.#announcer = announcer;
  }

  get all(): ReadonlyMap<string, Mount> {
    return this.#mounts;
  }

  /** Takes a plugin in, unless it says why not. */
  mount(link: BoundLink, { hello, match, admission }: Greeted, remote: string): HelloRefusal | undefined {
    const id = `${hello.plugin}/${hello.instance}`;
    const known = this.#mounts.get(id);
    const refusal = this.#findRefusal(id, known, hello);
    if (refusal !== undefined) return refusal;
    if (admission.revoked?.aborted) return { code: "token-revoked", reason: "the right to bind was taken back" };
    const accepted = admission.accept?.();
    if (isRefusal(accepted)) return accepted;
    const displaced = known === undefined && this.#isFull ? this.#findOldestLost() : undefined;
    if (displaced !== undefined) this.#unmount(displaced, "it did not come back, and another takes its place");
    const epoch = Number(hello.epoch);
    known?.link.end(
      { reason: `the epoch ${epoch} of the instance has taken its place`, isWanted: false },
      hostFrames.goodbye(`the epoch ${epoch} of this instance has taken its place`, false),
    );
    const { contract, version: contractVersion } = match;
    const { logLevel, log, heartbeatMs, deadAfterMs, logWindowBytes, maxFrameBytes } = this.#options;
    const mount = known ?? createMount({ id, hello, contract, contractVersion, remote, link, logLevel, log });
    Object.assign(mount, { link, epoch, contract, contractVersion, remote, state: "mounting", session: undefined });
    mount.deadline = Number.POSITIVE_INFINITY;
    // Spread: many may come at once.
    mount.nextBeatAt = performance.now() + heartbeatMs * Math.random();
    this.#mounts.set(id, mount);
    this.#watchRevocation(mount, link, admission.revoked);
    const welcome = hostFrames.welcome({
      protocol: bindProtocol,
      session: `${id}#${epoch}`,
      contractVersion,
      heartbeatMs,
      deadAfterMs,
      logLevel: { level: toLevel(mount.logLevel) },
      lastLog: mount.logs.last,
      logWindowBytes,
      host: this.#host.name,
      nextToken: accepted?.nextToken ?? "",
      maxFrameBytes,
    });
    link.own(
      {
        onLogs: (logs) => link.send(hostFrames.logsTaken(mount.logs.take(logs))),
        onHeard: (busyMs) => this.#onHeard(mount, link, busyMs),
        onDrain: ({ timeoutMs, reason }) => {
          if (mount.link !== link) return;
          this.#beginDrain(mount, timeoutMs + leaveGraceMs, reason === "" ? "it asked to leave" : reason);
        },
        onLeaving: () => this.#onLeaving(mount, link),
        onEnd: (end) => this.#onLinkEnd(mount, link, end),
      },
      welcome,
    );
    if (known === undefined) this.#announcer.tell("mounted", mount, `it dialled in from ${remote}`);
    else this.#announcer.tell("resumed", mount, `it came back from ${remote}`);
    void this.#start(mount, link, hello.multiplex);
    return undefined;
  }

  /** The best session of an id or a name, with a contract where one is named. */
  session(id: string, contract: string | undefined): Session | undefined {
    let best: Session | undefined;
    for (const mount of this.#candidates(id)) {
      const { session, state } = mount;
      if (contract !== undefined && mount.contract.name !== contract) continue;
      if (session === undefined || (state !== "ready" && state !== "suspect")) continue;
      if (best === undefined || session.inFlight < best.inFlight) best = session;
    }
    return best;
  }

  /** Nothing came from it for so long. */
  suspect(mount: Mount, silentMs: number): void {
    mount.state = "suspect";
    this.#announcer.tell("suspect", mount, `nothing came from it for ${silentMs} ms`);
  }

  /** Nothing came from it for too long. */
  giveUp(mount: Mount, silentMs: number): void {
    const reason = `nothing came from it for ${silentMs} ms`;
    mount.link.end({ reason, isWanted: false }, hostFrames.goodbye(reason, true));
  }

  /** Its deadline has passed. */
  expire(mount: Mount): void {
    if (mount.state === "lost") this.#unmount(mount, "it did not come back in time");
    else this.#sendAway(mount, "it had not finished in time", false);
  }

  /** Asks it to finish; resolves when it is gone. */
  async drain(id: string, timeoutMs: number, reason: string): Promise<boolean> {
    const mount = this.#mounts.get(id);
    if (mount === undefined || mount.state === "lost") return false;
    const gone = createDeferred<void>();
    const earlier = this.#unmounted.get(mount);
    this.#unmounted.set(mount, () => {
      earlier?.();
      gone.resolve();
    });
    if (mount.state !== "draining") mount.link.send(hostFrames.drain(timeoutMs, reason));
    this.#beginDrain(mount, timeoutMs, reason);
    await gone.promise;
    return true;
  }

  /** Tells one that drains when it may go. */
  settle(mount: Mount): void {
    const { link } = mount;
    // In the next turn: a call of the host's own that ends in this one is subtracted for a moment longer than it is counted.
    setImmediate(() => {
      if ((mount.session?.inFlight ?? 0) === 0) link.tellDrained();
    });
  }

  /** Sends it away, for good. */
  kick(id: string, reason: string): boolean {
    const mount = this.#mounts.get(id);
    if (mount === undefined) return false;
    const [oldest] = this.#kicked;
    if (this.#kicked.size >= maxKicked && oldest !== undefined) this.#kicked.delete(oldest);
    this.#kicked.add(id);
    this.#sendAway(mount, reason, false);
    return true;
  }

  /** Changes the level from which on it sends records. */
  setLogLevel(id: string, level: LogLevel | "off"): boolean {
    const mount = this.#mounts.get(id);
    if (mount === undefined) return false;
    mount.logLevel = level;
    mount.link.send(hostFrames.logLevel(level));
    return true;
  }

  /** Says goodbye to all, and takes nobody in any more. */
  close(reason: string): void {
    this.#isClosing = true;
    for (const mount of this.#mounts.values()) this.#sendAway(mount, reason, true);
  }

  #candidates(id: string): Iterable<Mount> {
    const exact = this.#mounts.get(id);
    if (exact !== undefined) return [exact];
    return [...this.#mounts.values()].filter(({ plugin }) => plugin === id);
  }

  #findRefusal(id: string, known: Mount | undefined, hello: Hello): HelloRefusal | undefined {
    if (this.#isClosing) return hostClosing;
    if (this.#kicked.has(id))
      return { code: "kicked", reason: "the host has sent this instance away; start a new one" };
    if (known !== undefined && hello.epoch <= BigInt(known.epoch)) {
      const reason = `the instance has bound with epoch ${known.epoch} already; a further connection needs a greater one`;
      return { code: "epoch-stale", reason, field: "epoch" };
    }
    if (known === undefined && this.#isFull && this.#findOldestLost() === undefined) {
      return { code: "host-busy", reason: `the host holds ${this.#options.maxPlugins} plugins, as many as it may` };
    }
    return undefined;
  }

  get #isFull(): boolean {
    return this.#mounts.size >= this.#options.maxPlugins;
  }

  /** Who is waited for no longer where there is no room for those that are here. */
  #findOldestLost(): Mount | undefined {
    let oldest: Mount | undefined;
    for (const mount of this.#mounts.values()) {
      if (mount.state === "lost" && mount.deadline < (oldest?.deadline ?? Number.POSITIVE_INFINITY)) oldest = mount;
    }
    return oldest;
  }

  async #start(mount: Mount, link: BoundLink, isMultiplexed: boolean): Promise<void> {
    const launcher = bindLauncher(link, mount.contractVersion, isMultiplexed);
    let session: Session;
    try {
      session = await this.#host.start(mount.contract, launcher, mount.id, mount.plugin);
    } catch (error) {
      const why = error instanceof TenonError ? error.message : String(error);
      if (!link.hasEnded) this.#announcer.note("error", `no session can be made: ${why}`, mount);
      const reason = "the host cannot make a session on the link; see its log";
      link.end({ reason: `no session can be made: ${why}`, isWanted: false }, hostFrames.goodbye(reason, true));
      return;
    }
    link.ready();
    if (link.hasEnded || link.isLeaving || link.refusal !== undefined || mount.link !== link) return;
    mount.session = session;
    if (mount.state === "mounting") mount.state = "ready";
    this.#announcer.tell("ready", mount, "it answers", { session });
  }

  #watchRevocation(mount: Mount, link: BoundLink, revoked: AbortSignal | undefined): void {
    mount.forgetRevocation();
    mount.forgetRevocation = () => {};
    if (revoked === undefined) return;
    const onAbort = (): void => {
      if (mount.link !== link) return;
      const cause: unknown = revoked.reason;
      this.#sendAway(mount, cause instanceof Error ? cause.message : "the right to bind was taken back", false);
    };
    revoked.addEventListener("abort", onAbort, { once: true });
    mount.forgetRevocation = () => revoked.removeEventListener("abort", onAbort);
  }

  #onHeard(mount: Mount, link: BoundLink, busyMs: number): void {
    if (mount.link !== link || mount.state !== "suspect") return;
    mount.state = "ready";
    this.#announcer.tell("resumed", mount, busyMs > 0 ? `it was busy for ${busyMs} ms` : "it spoke again");
  }

  #beginDrain(mount: Mount, timeoutMs: number, reason: string): void {
    mount.deadline = Math.min(mount.deadline, performance.now() + timeoutMs);
    if (mount.state === "draining") return;
    mount.state = "draining";
    mount.link.refuseCalls(reason);
    this.#announcer.tell("draining", mount, reason);
    this.settle(mount);
  }

  #onLeaving(mount: Mount, link: BoundLink): void {
    if (mount.link !== link) return;
    mount.session = undefined;
    if (mount.state === "draining") return;
    mount.state = "draining";
    this.#announcer.tell("draining", mount, "it has closed its channel");
  }

  #onLinkEnd(mount: Mount, link: BoundLink, { reason, isWanted }: LinkEnd): void {
    if (mount.link !== link) return;
    mount.forgetRevocation();
    mount.state = "lost";
    mount.session = undefined;
    const wasAskedToLeave = this.#unmounted.has(mount);
    if (isWanted || wasAskedToLeave) {
      this.#unmount(mount, reason);
      return;
    }
    mount.deadline = performance.now() + this.#options.resumeWindowMs;
    this.#announcer.tell("lost", mount, reason);
  }

  #sendAway(mount: Mount, reason: string, mayReturn: boolean): void {
    if (mount.state === "lost") this.#unmount(mount, reason);
    else mount.link.end({ reason, isWanted: true }, hostFrames.goodbye(reason, mayReturn));
  }

  #unmount(mount: Mount, reason: string): void {
    if (this.#mounts.get(mount.id) !== mount) return;
    this.#mounts.delete(mount.id);
    this.#announcer.tell("unmounted", mount, reason);
    this.#unmounted.get(mount)?.();
    this.#unmounted.delete(mount);
  }
}
