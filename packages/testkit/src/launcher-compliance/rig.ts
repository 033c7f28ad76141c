import type { Client, ServiceImpl } from "@connectrpc/connect";
import type { Specimen, SpecimenHost } from "../gen/tenon/testkit/v1/specimen_pb.js";

/**
 * What a launcher may lack:
 *
 * - `streams`: methods with streams of requests or answers
 * - `concurrency`: calls that run at the same time, when the handlers wait
 * - `headers`: metadata of a call, in both directions; `details`: those of an error, and an error's metadata
 * - `codes`: status codes of errors other than UNKNOWN
 * - `abort`: telling the handler that its caller has given up; `deadline`: telling it how long it has
 * - `own-state`: instances that share nothing, not even the variables of a module
 * - `versions`: the choice between several versions of a contract
 * - `host-services`: calls of the plugin to its host
 * - `drain`: letting calls in flight end when the instance is stopped
 * - `exceptions`: handlers that can throw; languages without them have none
 * - `memory`: telling what the plugin's heap holds
 *
 * and, of what a plugin may do to its host, containing
 *
 * - `exit`: a handler that ends its process; `exit-code`: telling with which code it did
 * - `block`: a handler that never gives its thread back
 * - `heap`, `buffers`: a handler that fills its heap, or memory outside of it
 * - `stray-errors`: errors that happen outside of any call
 * - `prints`: a flood on standard output
 */
export type LauncherCapability =
  | "streams"
  | "concurrency"
  | "headers"
  | "details"
  | "codes"
  | "abort"
  | "deadline"
  | "own-state"
  | "versions"
  | "host-services"
  | "drain"
  | "exceptions"
  | "memory"
  | "exit"
  | "exit-code"
  | "block"
  | "heap"
  | "buffers"
  | "stray-errors"
  | "prints";

/** What the suite wants of the instance that it asks for. */
export interface RigRequest {
  /** The host's service, to be offered to the plugin where there are host services. */
  readonly host: ServiceImpl<typeof SpecimenHost>;
  /** About what the plugin's heap may hold, in MiB, where the launcher can say so. Undefined: whatever is usual. */
  readonly maxHeapMiB: number | undefined;
  /** The same for memory outside of the heap. */
  readonly maxBuffersMiB: number | undefined;
}

/** An instance of the specimen, and the ways to call and to end it. */
export interface RigSession {
  readonly client: Client<typeof Specimen>;
  /** The version of the contract that was agreed on. */
  readonly version: number;
  /** Ends the instance, gently first. Resolves when nothing of it is left. */
  stop(): Promise<unknown>;
  /** Resolves when the instance has ended, whatever the reason. */
  readonly closed: Promise<unknown>;
  /** Frees what was made for the instance beside it, a host for example. Called after `stop`. Default: nothing. */
  release?(): Promise<unknown>;
}

/** A launcher, as the suite sees it. */
export interface LauncherRig {
  /** Starts an instance of a plugin that serves what `createSpecimen` returns, and connects to it. */
  open(request: RigRequest): Promise<RigSession>;
  /** What the launcher lacks, each with the reason, which the output gives for every case that is skipped. Default: nothing. */
  readonly lacks?: Readonly<Partial<Record<LauncherCapability, string>>>;
}

/** Settings of `launcherCompliance`. Each has a default. */
export interface LauncherComplianceOptions {
  /** Runs the stress cases at their full length. Default: whether the environment has `EVERY_AREA=1`. */
  readonly long?: boolean;
  /** How long one case may take, in milliseconds. Default 60000; stress cases have 20 times as long. */
  readonly timeoutMs?: number;
  /** Names of the areas to run. Default: all. */
  readonly areas?: readonly string[];
}
