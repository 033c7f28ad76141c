import type { Duplex } from "node:stream";
import { type ConnInfo, isTenonError, TenonError } from "@tenon/core";
import { type ListenOptions, openListener } from "../listen/listener.js";
import { type Announced, Announcements } from "./announcements.js";
import type { Outbox } from "./outbox.js";
import type { Attempt, Door, Paths } from "./paths.js";
import type { BrokerTls } from "../tls/acceptor.js";
import { tlsFailed } from "./tls-failed.js";

/** Where the listeners of served ids go: what {@link openListener} asks, less what the broker knows itself. */
export type BrokerListenOptions = Omit<
  ListenOptions,
  "onConnection" | "onRefused" | "tls" | "plugin" | "owner" | "prefix"
>;

/** What {@link SocketPaths} are made of. */
export interface SocketPathsInit {
  readonly plugin: string;
  /** Who listens, as the subject of messages. */
  readonly owner: string;
  readonly outbox: Outbox;
  readonly listen: BrokerListenOptions;
  readonly tls: BrokerTls | undefined;
  /** How long an announcement is kept that nobody claims, in milliseconds. */
  readonly keepMs: number;
  /** An id whose newest announcement is kept for as long as nobody claims it. Default: none. */
  readonly lastingId?: number;
  /** How addresses differ between the two sides. Default: they are the same. */
  readonly addresses?: {
    /** What the other side announced, as this side has to connect to it. */
    readonly toUs: (announced: Announced) => Announced;
    /** What this side listens at, as the other side has to connect to it. */
    readonly toPeer: (address: { readonly network: "unix" | "tcp"; readonly address: string }) => Announced;
  };
  /** Whether the other side may be on another machine. Default false: other addresses are refused. */
  readonly mayBeElsewhere?: boolean;
}

/** Nobody listens there any more: the server was closed since it was announced. */
const goneCodes: ReadonlySet<string | undefined> = new Set(["ENOENT", "ECONNREFUSED"]);

/** A listener for each id, whose address is announced to the other side. */
export class SocketPaths implements Paths {
  readonly #init: SocketPathsInit;
  readonly #announcements: Announcements;

  constructor(init: SocketPathsInit) {
    this.#init = init;
    this.#announcements = new Announcements(init.keepMs, init.lastingId);
  }

  async open(id: number, take: (stream: Duplex) => void): Promise<Door> {
    const { plugin, owner, listen, tls, outbox, addresses } = this.#init;
    const listener = await openListener({
      ...listen,
      plugin,
      owner,
      prefix: "broker",
      tls,
      onConnection: take,
      onRefused: () => {},
    });
    try {
      const { network, address } = listener;
      outbox.send({ serviceId: id, ...(addresses?.toPeer({ network, address }) ?? { network, address }) });
    } catch (error) {
      listener.destroy();
      throw error;
    }
    return {
      close: () => listener.stop(),
      async remove(lingerMs) {
        await listener.emptied(lingerMs);
        listener.destroy();
      },
      destroy: () => listener.destroy(),
    };
  }

  async reach(attempt: Attempt): Promise<Duplex> {
    const { plugin, tls, addresses, mayBeElsewhere = false } = this.#init;
    const { id, signal } = attempt;
    const [{ connectTo }, secured] = await Promise.all([
      import("./connect.js"),
      tls === undefined ? undefined : import("../tls/secure-client.js"),
    ]);
    for (;;) {
      const said = await this.#announcements.take(id, signal);
      const announced = addresses?.toUs(said) ?? said;
      const where = `${announced.network} ${announced.address}`;
      attempt.stage = `it was announced at ${where} and nobody answered there`;
      try {
        const socket = await connectTo(announced, { plugin, mayBeElsewhere, signal });
        if (secured === undefined || tls === undefined) return socket;
        return await secured.secureClient(socket, tls, signal).catch((cause: unknown) => {
          signal.throwIfAborted();
          throw tlsFailed(plugin, id, cause);
        });
      } catch (cause) {
        signal.throwIfAborted();
        if (isTenonError(cause)) throw cause;
        const { code } = cause as NodeJS.ErrnoException;
        if (!goneCodes.has(code)) throw connectFailed(plugin, id, where, cause);
        // It may be served anew under the same id.
        attempt.stage = `it was announced at ${where}, where nobody listens any more (${code}), and not again`;
      }
    }
  }

  receive({ serviceId, network, address, knock }: ConnInfo): void {
    // A knock is of the other mode, which nobody has asked for.
    if (knock === undefined) this.#announcements.put(serviceId, { network, address });
  }

  close(): void {
    this.#announcements.close();
  }
}

function connectFailed(plugin: string, id: number, where: string, cause: unknown): TenonError {
  const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new TenonError("connect-failed", `nobody answers at the address ${where} of the broker id ${id} (${why})`, {
    plugin,
    facts: { id, address: where },
    cause,
  });
}
