import type { HandlerContext } from "@connectrpc/connect";

/** What was seen of the calls under one tag. */
interface Account {
  begun: bigint;
  running: number;
  aborted: number;
  most: number;
  produced: bigint;
  consumed: bigint;
  /** Resolves when the tag is released. */
  readonly released: Promise<void>;
  readonly release: () => void;
}

/** The accounts of a specimen by tag. */
export interface Ledger {
  /** The account of a tag, opened if need be. */
  of(tag: string): Account;
  /** Counts a call under its tag until the function that this returns is called. */
  begin(tag: string, context: HandlerContext): () => void;
}

/** Creates a ledger without accounts. */
export function createLedger(): Ledger {
  const accounts = new Map<string, Account>();

  const of = (tag: string): Account => {
    let account = accounts.get(tag);
    if (account === undefined) accounts.set(tag, (account = openAccount()));
    return account;
  };

  const begin = (tag: string, { signal }: HandlerContext): (() => void) => {
    const account = of(tag);
    account.begun++;
    account.running++;
    account.most = Math.max(account.most, account.running);
    const onAbort = () => {
      account.aborted++;
    };
    signal.addEventListener("abort", onAbort, { once: true });
    return () => {
      account.running--;
      signal.removeEventListener("abort", onAbort);
    };
  };

  return { of, begin };
}

function openAccount(): Account {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { begun: 0n, running: 0, aborted: 0, most: 0, produced: 0n, consumed: 0n, released, release };
}
