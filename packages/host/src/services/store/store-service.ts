import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { type Store, StoreConflictSchema } from "@tenon/core/host-services";
import { type Entry, sizeOf } from "./entries.js";
import { readPage } from "./page.js";
import { checkKey, type StoreLimits } from "./store-limits.js";
import type { StoreState } from "./store-state.js";

/** What the service of one plugin works on. */
export interface OpenStore {
  readonly limits: StoreLimits;
  /** Runs `use` with the entries. Whatever it fails with is a `ConnectError`. */
  readonly with: <T>(use: (state: StoreState) => T | Promise<T>) => Promise<T>;
}

/** The service of one plugin. */
export function storeService({ limits, with: withState }: OpenStore): ServiceImpl<typeof Store> {
  return {
    get({ key }) {
      checkKey(key, limits);
      return withState((state) => {
        const entry = state.get(key);
        // A copy, since a plugin in this process would have the store's own.
        return entry === undefined ? {} : { entry: { key, value: entry.value.slice(), version: entry.version } };
      });
    },
    put({ key, value, ifVersion }) {
      checkKey(key, limits);
      if (value.length > limits.maxValueBytes) {
        const why = `a value of ${value.length} bytes is longer than maxValueBytes ${limits.maxValueBytes}`;
        throw new ConnectError(why, Code.ResourceExhausted);
      }
      const own = Uint8Array.from(value);
      return withState((state) =>
        judge(state, key, ifVersion, async (current) => {
          checkRoom(
            state,
            limits,
            sizeOf(key, { value: own, version: 0n }) - sizeOf(key, current),
            current === undefined,
          );
          return { version: await state.put(key, own) };
        }),
      );
    },
    delete({ key, ifVersion }) {
      checkKey(key, limits);
      return withState((state) =>
        judge(state, key, ifVersion, async (current) => {
          if (current !== undefined) await state.delete(key);
          return { existed: current !== undefined };
        }),
      );
    },
    list(request) {
      return withState((state) => readPage(state, request, limits));
    },
  };
}

/**
 * Runs `write` with what the key has at this moment, with nothing in between, if the version is the expected one. Where it is
 * another one, or the key is not there, because of a write that is not durable yet, it first waits for what becomes of that.
 */
async function judge<T>(
  state: StoreState,
  key: string,
  ifVersion: bigint | undefined,
  write: (current: Entry | undefined) => Promise<T>,
): Promise<T> {
  for (;;) {
    const current = state.latest(key);
    const version = current?.version ?? 0n;
    const holds = ifVersion === undefined ? current !== undefined : ifVersion === version;
    const settled = holds ? undefined : state.settled(key);
    if (settled !== undefined) await settled;
    else if (holds || ifVersion === undefined) return write(current);
    else throw conflict(key, ifVersion, version);
  }
}

function conflict(key: string, expected: bigint, version: bigint): ConnectError {
  const is = version === 0n ? "does not exist" : `has the version ${version}`;
  const was = expected === 0n ? "not to exist" : `to have the version ${expected}`;
  return new ConnectError(
    `the key ${JSON.stringify(key.slice(0, 80))} ${is}, and was ${was}`,
    Code.Aborted,
    undefined,
    [{ desc: StoreConflictSchema, value: { key, version } }],
  );
}

/** Refuses what makes the store larger than it may be; what makes it smaller is always taken. */
function checkRoom(state: StoreState, limits: StoreLimits, addedBytes: number, isNew: boolean): void {
  const { keys, bytes } = state.size;
  if (isNew && keys >= limits.maxKeys) throw full(`it has as many keys as maxKeys ${limits.maxKeys} allows`);
  if (addedBytes > 0 && bytes + addedBytes > limits.maxTotalBytes) {
    throw full(`keys and values would be longer than maxTotalBytes ${limits.maxTotalBytes}`);
  }
}

function full(why: string): ConnectError {
  return new ConnectError(`the store of this plugin is full: ${why}`, Code.ResourceExhausted);
}
