import type { Duplex } from "node:stream";
import { TenonError } from "@tenon/core";
import type { ServedVersion } from "@tenon/core/bind";
import type { Offer, Served } from "../offer.js";
import { type Child, type ChildInit, startChild } from "./child.js";
import { type ChildExit, describeExit } from "./child-exit.js";
import { connectTimeoutMs, describeServices, findServices } from "./find-services.js";
import { serveChild } from "./serve-child.js";

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

/** What a link is served with that ended before there was anything to serve. */
const neverServed: Served = {
  ended: Promise.resolve({ kind: "ended", reason: "the link has ended", drained: true }),
  drain() {},
  drained() {},
};

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
  const gone = new AbortController();
  let facts: Facts | undefined;
  let child: Child | undefined;
  let exit: ChildExit | undefined;

  /** It serves all links. */
  const keep = (started: Child): void => {
    child = started;
    void started.exited.then(() => gone.abort());
  };

  const look = async (signal: AbortSignal): Promise<Facts> => {
    const probe = await startChild(init, signal);
    const { version, multiplex } = probe;
    try {
      const { services, command } = init;
      const found = services.length > 0 ? services : await findServices(probe, command[0], signal);
      // What a healthy one says when its only connection is closed would look like trouble.
      if (multiplex) await probe.stop(true);
      else keep(probe);
      return { ...describeServices(version, found), multiplex };
    } catch (error) {
      await probe.stop();
      throw error;
    }
  };

  /** A process for this link alone; undefined where the link ends first. */
  const startFor = async (link: Duplex, version: number): Promise<Child | undefined> => {
    const ending = new AbortController();
    link.once("close", () => ending.abort());
    try {
      return await startChild({ ...init, versions: [version] }, ending.signal);
    } catch (error) {
      if (ending.signal.aborted) return undefined;
      throw error;
    }
  };

  const serve: Offer["serve"] = async (link, welcome, goodbye) => {
    if (facts?.multiplex === true) child = await startFor(link, welcome.contractVersion);
    const current = child;
    if (current === undefined) return neverServed;
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
      return {
        contract: init.contract,
        versions,
        hostServices: [],
        multiplex,
        describe: known,
        gone: gone.signal,
        serve,
      };
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
