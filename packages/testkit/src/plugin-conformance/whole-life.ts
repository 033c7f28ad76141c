import { existsSync, readdirSync } from "node:fs";
import { createClient } from "@connectrpc/connect";
import { GRPCController } from "@tenon/core";
import { listDescendants } from "../leaks/processes.js";
import type { PluginSubject, Started } from "./subject.js";
import { type Answer, answerOf, askHealth, callUnary } from "./calls.js";
import { dialPlain } from "./connect.js";
import type { Exit, PluginProcess } from "./plugin-process.js";

/** A plugin's life from start to Shutdown, undisturbed, and what was left of it. */
export interface WholeLife {
  readonly started: Started;
  readonly process: PluginProcess;
  /** What the Shutdown call was answered. */
  readonly shutdown: Answer<unknown>;
  /** Undefined where it had not ended `timeoutMs` after the call. */
  readonly exit: Exit | undefined;
  readonly endedAfterMs: number;
  /** Whether its socket was still there when it had ended. */
  readonly hasSocket: boolean;
  /** Names in its temporary directory. */
  readonly files: readonly string[];
  /** Commands of processes that it left running. */
  readonly survivors: readonly string[];
}

/** How long go-plugin's hosts wait for the end after Shutdown before they kill. */
export const graceMs = 2000;

/** Starts a plugin, calls it, asks it to shut down and waits for its end. Once for each subject. */
export function wholeLife(subject: PluginSubject): Promise<WholeLife> {
  return subject.once("whole life", async () => {
    const { timeoutMs } = subject.settings;
    const mark = `TENON_CONFORMANCE_LIFE=${subject.makeDirectory("life")}`;
    const [name, value] = mark.split("=") as [string, string];
    const started = await subject.start({ env: { [name]: value } });
    const { process, target, directory } = started;
    const channel = await dialPlain(target, timeoutMs);
    await askHealth(channel, "plugin", timeoutMs);
    await callUnary(channel, "tenon.conformance.Nobody", "Nothing", timeoutMs);
    const client = createClient(GRPCController, channel.transport);
    const since = performance.now();
    const shutdown = await answerOf(client.shutdown({}, { timeoutMs }));
    const exit = await process.ended(Math.max(graceMs, timeoutMs));
    const endedAfterMs = performance.now() - since;
    channel.destroy();
    const hasSocket = target.network === "unix" && existsSync(target.path);
    const files = readdirSync(directory);
    const survivors = exit === undefined ? [] : listDescendants(process.pid!, mark).map(({ command }) => command);
    await process.kill();
    return { started, process, shutdown, exit, endedAfterMs, hasSocket, files, survivors };
  });
}
