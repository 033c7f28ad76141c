import type { ProcessLaunch } from "../launch/process-launch.js";

/** Limits of the heap of a thread, by V8's own names. */
export interface WorkerResourceLimits {
  /** Most MiB that what lives long may take. Default: V8's, which goes by the memory of the machine. */
  readonly maxOldGenerationSizeMb?: number;
  /** Most MiB that what is new may take. Default: V8's, 48 where it has 64 bits. */
  readonly maxYoungGenerationSizeMb?: number;
  /** MiB of memory for generated code. Default: V8's. */
  readonly codeRangeSizeMb?: number;
  /** MiB of stack. Default 4, as Node. */
  readonly stackSizeMb?: number;
}

/**
 * How to run a plugin in a worker thread of this process. Plain data: it can come from a manifest. The thread gets a copy of its
 * variables. `cwd` is where the path of its file starts from, and no more: a thread's working directory is the host's.
 */
export interface WorkerLaunch extends Pick<ProcessLaunch, "env" | "inheritEnv" | "cwd"> {
  /** The plugin's own file, the one that calls `runPlugin`: a path, from `cwd` on, or a `file:` URL. */
  readonly worker: string | URL;
  /** What the plugin finds behind its file in `process.argv`. Default: nothing. */
  readonly argv?: readonly string[];
  /** Options for Node, as far as a thread can have its own. Default: the host's. */
  readonly execArgv?: readonly string[];
  /** Limits of the thread's heap. At a limit V8 ends the thread: `memory-exceeded`. Buffers do not count. Default: V8's. */
  readonly resourceLimits?: WorkerResourceLimits;
  /**
   * Most bytes that the thread may hold outside its heap, in Buffers for the most part. They are counted when its event loop turns, every 20 ms at
   * most, so one turn can go above it. At the limit the host ends the thread: `memory-exceeded`. Default: no limit.
   */
  readonly maxExternalBytes?: number;
}

/** How a thread is made, and what it may take. */
export type WorkerThreadOptions = Pick<WorkerLaunch, "argv" | "execArgv" | "resourceLimits" | "maxExternalBytes">;

/** What a worker launcher starts. */
export interface WorkerSettings extends WorkerThreadOptions {
  /** Path of the plugin's own file, from the working directory of the launch on. */
  readonly file: string;
}
