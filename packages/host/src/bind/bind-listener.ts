import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Contract, ContractVersions } from "@tenon/core";
import type { LogLevel } from "../logs/record.js";
import type { Launcher } from "../launch/launcher.js";
import type { Session } from "../session/session.js";
import type { BoundPlugin } from "./bound-plugin.js";
import type { BindEvent } from "./events.js";

/** How a plugin is asked to finish. */
export interface DrainOptions {
  /** What it has not finished by then is cut off. Default 10000. */
  readonly timeoutMs?: number;
  /** Told to the plugin, and in the event. */
  readonly reason?: string;
}

/** A host that listens for plugins that dial in. */
export interface BindListener extends AsyncDisposable {
  /** Where it listens, in the form of `ListenOptions.address`, with the real port. */
  readonly address: string;
  /** The plugins that are bound, or waited for, in the order in which they came. */
  plugins(): readonly BoundPlugin[];
  /**
   * The session of a plugin that can be called now, by its id, or by its name: of several instances of one name the one with the fewest calls in
   * flight. It ends with its link; a plugin that comes back has a new one. Undefined where there is none.
   */
  session(id: string): Session | undefined;
  /** The same, typed, of those that serve `contract`. */
  session<V extends ContractVersions>(id: string, contract: Contract<V>): Session<V> | undefined;
  /** Tells `listener` of every event from now on. Returns the way to take that back. What it throws goes to the log. */
  onEvent(listener: (event: BindEvent) => void): () => void;
  /**
   * Asks a plugin to finish what it has and to leave; no session of it is handed out any more. It is cut off
   * when its time is over. Resolves when it is unmounted; false where there is no plugin of this id, or it is lost.
   */
  drain(id: string, options?: DrainOptions): Promise<boolean>;
  /** Sends a plugin away at once: calls in flight fail, it is told why, and this instance may not come back. False where there is none of this id. */
  kick(id: string, reason: string): boolean;
  /** Changes the level from which on a plugin sends its records. False where there is none of this id. */
  setLogLevel(id: string, level: LogLevel | "off"): boolean;
  /**
   * Takes in a plugin by a WebSocket on an HTTP server of yours: give it what the server's `upgrade` event gives, for the path that you
   * chose. What is not a WebSocket for plugins is refused on it. From beyond this machine the server needs TLS, or the listener `insecure`.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Connections that were closed because too many were of no use yet. */
  readonly refusedConnections: number;
  /** Says goodbye to every plugin, which may come back to the next host, and stops listening. Those that do not hang up are cut off after 1 s. */
  close(): Promise<void>;
}

/** What a listener needs of its host. */
export interface ListenerHost {
  /** Its name. */
  readonly name: string;
  /** Makes the session of a plugin that is there. */
  start(contract: Contract, launcher: Launcher, id: string, plugin: string): Promise<Session>;
  /** The listener is closed. */
  onClosed(): void;
}
