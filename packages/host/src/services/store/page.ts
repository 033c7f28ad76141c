import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { StoreListRequest, StoreListResponseSchema } from "@tenon/core/host-services";
import { compareKeys, sizeOf } from "./entries.js";
import type { StoreLimits } from "./store-limits.js";
import type { StoreState } from "./store-state.js";

type Page = MessageInitShape<typeof StoreListResponseSchema>;
type Question = Pick<StoreListRequest, "prefix" | "pageSize" | "pageToken" | "keysOnly">;

/** The entries of one page. Its token is the last key of the page before, so no state is kept between pages. */
export function readPage(state: StoreState, question: Question, limits: StoreLimits): Page {
  const { prefix, pageSize, pageToken, keysOnly } = question;
  const after = pageToken === "" ? undefined : readToken(pageToken, prefix);
  const maxEntries = pageSize === 0 ? limits.maxPageEntries : Math.min(pageSize, limits.maxPageEntries);
  const keys = state.sortedKeys();
  const entries: { key: string; value: Uint8Array; version: bigint }[] = [];
  let bytes = 0;
  for (let at = firstFrom(keys, after ?? prefix, after !== undefined); at < keys.length; at++) {
    const key = keys[at]!;
    if (!key.startsWith(prefix)) break;
    const entry = state.get(key)!;
    const value = keysOnly ? new Uint8Array() : entry.value;
    bytes += sizeOf(key, { ...entry, value });
    // One is on every page, however long it is, or there would be no next page.
    if (entries.length === maxEntries || (entries.length > 0 && bytes > limits.maxPageBytes)) {
      return { entries, nextPageToken: writeToken(entries.at(-1)!.key) };
    }
    entries.push({ key, value: value.slice(), version: entry.version });
  }
  return { entries, nextPageToken: "" };
}

/** Index of the first key that is not before `key`, or that is after it. */
function firstFrom(keys: readonly string[], key: string, isAfter: boolean): number {
  let from = 0;
  let to = keys.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = compareKeys(keys[middle]!, key);
    if (order < 0 || (isAfter && order === 0)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function writeToken(key: string): string {
  return Buffer.from(key).toString("base64url");
}

function readToken(token: string, prefix: string): string {
  const key = Buffer.from(token, "base64url").toString();
  if (writeToken(key) !== token || !key.startsWith(prefix)) {
    throw new ConnectError("the page token is not one that a page of this prefix had", Code.InvalidArgument);
  }
  return key;
}
