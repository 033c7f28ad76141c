import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { TenonError } from "@tenon/core";
import type { ServedVersion } from "@tenon/core/bind";
import type { Offer, Served, ServedEnd } from "../offer.js";
import { type Child, type ChildExit, type ChildInit, describeExit, startChild } from "./child.js";
import { connectTimeoutMs, describeServices, findServices } from "./find-services.js";
import { startPump } from "./pump.js";

/** A pump cannot see calls: they are taken to have ended when no byte went either way for so long, in milliseconds. */
const quietMs = 300;

/** How long the end of a process may come after that of its connection, and the last bytes may take, in milliseconds. */
const graceMs = 500;

/** What is offered of a program, and the program. */
export interface ChildOffer {
  /** What to offer in the next Hello. */
  prepare(signal: AbortSignal): Promise<Offer>;
  /** How the program ended by itself; undefined where it did not. */
  readonly exit: ChildExit | undefined;
  /** Ends the program. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** What a program is offered as. */
export interface ChildOfferInit extends Omit<ChildInit, "onSpawn"> {
  readonly contract: string;
  /** Names of services; those that reflection tells where there are none. */
  readonly services: readonly string[];
}

interface Facts {
  readonly versions: readonly ServedVersion[];
  readonly texts: ReadonlyMap<string, string>;
  readonly multiplex: boolean;
}

/**
 * Offers a go-plugin program. Where its socket speaks yamux it takes one connection in its life, so each link has a process of its own,
 * started when the host has welcomed it; else one process serves all links.
 */
export function offerChild(offered: ChildOfferInit): ChildOffer {
  let kill = (): void => {};
  const init = { ...offered, onSpawn: (latest: () => void) => void (kill = latest) };
  let facts: Facts | undefined;
  let child: Child | undefined;
  let exit: ChildExit | undefined;

  const look = async (signal: AbortSignal): Promise<Facts> => {
    const probe = await startChild(init, signal);
    try {
      const { services, command } = init;
      const found = services.length > 0 ? services : await findServices(probe, command[0], signal);
      if (!probe.multiplex) child = probe;
      return { ...describeServices(probe.version, found), multiplex: probe.multiplex };
    } finally {
      if (child !== probe) await probe.stop();
    }
  };

  const serve: Offer["serve"] = async (link, welcome, goodbye) => {
    if (facts?.multiplex === true) {
      child = await startChild({ ...init, versions: [welcome.contractVersion] }, new AbortController().signal);
    }
    const current = child!;
    try {
      const served = serveChild(current, link, await current.connect(AbortSignal.timeout(connectTimeoutMs)), goodbye);
      const ended = served.ended.then(async (end) => {
        if (end.kind === "exited") exit = current.exit;
        else if (current.multiplex) await current.stop();
        return end;
      });
      return { ...served, ended };
    } catch (error) {
      exit = current.exit;
      throw error;
    }
  };

  return {
    async prepare(signal) {
      facts ??= await look(signal);
      if (!facts.multiplex && child?.exit !== undefined) {
        exit = child.exit;
        const why = `The plugin ${init.command[0]} ended with ${describeExit(exit)}.`;
        throw new TenonError("plugin-exited", why, {
          plugin: init.command[0],
          facts: { exitCode: exit.code, signal: exit.signal },
        });
      }
      const { versions, texts, multiplex } = facts;
      const known = (typeName: string): string => texts.get(typeName) ?? "";
      return { contract: init.contract, versions, hostServices: [], multiplex, describe: known, serve };
    },
    get exit() {
      return exit;
    },
    async stop() {
      await child?.stop();
    },
    kill: () => kill(),
  };
}

function serveChild(
  child: Child,
  link: Duplex,
  socket: Duplex,
  goodbye: (reason: string, mayReturn: boolean) => void,
): Served {
  const pump = startPump(link, socket);
  let drained = true;

  const watch = async (): Promise<ServedEnd> => {
    await pump.socketClosed;
    if (link.destroyed) return { kind: "ended", reason: "the link has ended", drained };
    const exit = await Promise.race([child.exited, sleep(graceMs)]);
    if (exit === undefined) {
      goodbye("the plugin closed its connection", true);
      await finishLink(link);
      return { kind: "ended", reason: "the plugin closed its connection", drained };
    }
    const reason = `the plugin ended with ${describeExit(exit)}`;
    goodbye(reason, false);
    await finishLink(link);
    return { kind: "exited", reason, drained: false };
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    const endMs = performance.now() + timeoutMs;
    while (!link.destroyed && pump.quietMs < quietMs && performance.now() < endMs) await sleep(20);
    drained = pump.quietMs >= quietMs;
    link.destroy();
  };

  return { ended: watch(), drain: (timeoutMs) => void drain(timeoutMs) };
}

/** Lets the last bytes of the plugin go out. */
async function finishLink(link: Duplex): Promise<void> {
  if (!link.writableFinished && !link.destroyed) {
    const finished = new Promise<void>((resolve) => {
      link.once("finish", resolve);
      link.once("close", resolve);
    });
    link.end();
    await Promise.race([finished, sleep(graceMs)]);
  }
  link.destroy();
}
