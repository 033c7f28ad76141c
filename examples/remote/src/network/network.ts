import type { ChildProcess } from "node:child_process";

/** A program with its arguments. */
export type Command = readonly [string, ...string[]];

/** Where one plugin runs. */
export interface Place {
  /** The address of the host as the plugin sees it. */
  readonly host: string;
  /** What runs a command there. */
  enter(command: Command): Command;
  /** Cuts the plugin off without a word to either side, and says how. */
  cut(plugin: ChildProcess): Promise<string>;
  /** Takes that back. */
  mend(plugin: ChildProcess): Promise<void>;
}

/** What lies between the host and its plugins. Disposed of when all plugins have ended. */
export interface Network extends AsyncDisposable {
  /** For people. */
  readonly description: string;
  /** Where the host listens, without its port. */
  readonly listenAt: string;
  /** Makes the next place. */
  createPlace(): Promise<Place>;
}
