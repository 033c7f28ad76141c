// What Node has as globals and a page has not, or has in another form. esbuild's option `inject` puts these in their places.
export { Buffer } from "buffer";

/** A timer that can be told not to keep the process alive, which nothing in a page does. */
class Timer {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

type Act = (...values: unknown[]) => void;

export const setTimeout = (act: Act, ms?: number, ...values: unknown[]) =>
  new Timer(window.setTimeout(act, ms, ...values));
export const setInterval = (act: Act, ms?: number, ...values: unknown[]) =>
  new Timer(window.setInterval(act, ms, ...values));
export const clearTimeout = (timer?: Timer | number) => window.clearTimeout(timer instanceof Timer ? timer.id : timer);
export const clearInterval = (timer?: Timer | number) => clearTimeout(timer);

const { port1, port2 } = new MessageChannel();
const turns = new Map<number, () => void>();
let lastTurn = 0;
port1.onmessage = ({ data }: MessageEvent<number>) => {
  const act = turns.get(data);
  turns.delete(data);
  act?.();
};

/** In a turn of its own, without the milliseconds that a page's shortest timer takes. */
export function setImmediate(act: Act, ...values: unknown[]): number {
  turns.set(++lastTurn, () => act(...values));
  port2.postMessage(lastTurn);
  return lastTurn;
}

export const clearImmediate = (turn: number) => void turns.delete(turn);

export const process = {
  env: {},
  nextTick: (act: Act, ...values: unknown[]) => queueMicrotask(() => act(...values)),
  getBuiltinModule: () => undefined,
};
