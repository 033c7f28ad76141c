// A thread that runs the script of a page with what a page has, as far as the script uses it, and with nothing of Node's.
import { workerData } from "node:worker_threads";
import { WebSocket } from "ws";

const { url, token, script } = workerData as { readonly url: string; readonly token: string; readonly script: string };

/** A page's timers are numbers. */
const numbered = (start: typeof setTimeout | typeof setInterval) => (act: () => void, ms?: number) =>
  Number(start(act, ms));

/** A page's has no more than that. */
class PageWebSocket extends WebSocket {
  constructor(address: string, protocol: string) {
    super(address, protocol, { origin: url, perMessageDeflate: false });
    Object.assign(this, { pause: undefined, resume: undefined, terminate: undefined });
  }
}

const values = new Map<string, string>();
const page: Readonly<Record<string, unknown>> = {
  window: { setTimeout: numbered(setTimeout), setInterval: numbered(setInterval), clearTimeout, clearInterval },
  document: { title: "", querySelector: () => ({ content: token }) },
  location: { origin: url },
  localStorage: {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => values.set(key, value),
  },
  process: undefined,
  Buffer: undefined,
  setImmediate: undefined,
  clearImmediate: undefined,
  require: undefined,
  global: undefined,
};
Object.assign(globalThis, { WebSocket: PageWebSocket });
// oxlint-disable-next-line no-implied-eval, no-new-func -- a page runs its script
const run = new Function(...Object.keys(page), `return (async () => {${script}})()`) as (
  ...given: unknown[]
) => Promise<void>;
await run(...Object.values(page));
