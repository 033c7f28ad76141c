import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What the crowd is to do. */
export type Order =
  | { readonly what: "plugins"; readonly to: string; readonly first: number; readonly count: number }
  | { readonly what: "connections" | "attach"; readonly to: string; readonly count: number };

/** What the crowd says. */
interface Word {
  readonly done?: true;
  /** What became of a plugin other than that it is bound. */
  readonly event?: string;
  /** How calls were refused: how often each code came. */
  readonly codes?: Readonly<Record<string, number>>;
}

/** A process full of those who dial in, so that the host is alone in its own. It ends with the test. */
export function startCrowd(t: { after(end: () => void): void }) {
  const child = fork(fileURLToPath(new URL("crowd.js", import.meta.url)));
  t.after(() => void child.kill("SIGKILL"));
  const events: string[] = [];
  let told: ((word: Word) => void) | undefined;
  child.on("message", (word: Word) => {
    if (word.event !== undefined) events.push(word.event);
    if (word.done === true) told?.(word);
  });
  return {
    /** What became of its plugins other than that they are bound. */
    events,
    /** Resolves when it is done. */
    tell: (order: Order): Promise<Word> =>
      new Promise((resolve) => {
        told = resolve;
        child.send(order);
      }),
  };
}
