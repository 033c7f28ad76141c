import type { ConnectError } from "@connectrpc/connect";
import type { ClientConnection } from "../client/client-connection.js";
import type { PendingCall } from "../client/pending-call.js";

/** Calls that have no stream, in the order in which they came, and others who wait for a connection. */
export class WaitingCalls {
  readonly #calls = new Set<PendingCall>();
  /** Each is told once: that there is a connection, or why there will be none. */
  readonly #watchers = new Set<(error: ConnectError | undefined) => void>();

  /** Calls that wait. */
  get size(): number {
    return this.#calls.size;
  }

  /** Whether anybody needs a connection. */
  get isNeeded(): boolean {
    return this.#calls.size > 0 || this.#watchers.size > 0;
  }

  add(call: PendingCall): void {
    this.#calls.add(call);
  }

  /** The call does not wait any more. */
  delete(call: PendingCall): void {
    this.#calls.delete(call);
  }

  /** Returns how to stop waiting. */
  watch(watcher: (error: ConnectError | undefined) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** There is a connection: begins as many calls as it takes. */
  begin(client: ClientConnection): void {
    this.#tell(undefined);
    for (const call of this.#calls) {
      if (!client.connection.mayOpen) return;
      this.#calls.delete(call);
      client.begin(call);
    }
  }

  /** The calls for which `which` holds, which do not wait any more. */
  take(which: (call: PendingCall) => boolean): PendingCall[] {
    const taken = [...this.#calls].filter(which);
    for (const call of taken) this.#calls.delete(call);
    return taken;
  }

  /** There will never be a connection again. */
  failAll(error: ConnectError): void {
    this.#tell(error);
    for (const call of this.take(() => true)) call.fail(error);
  }

  #tell(error: ConnectError | undefined): void {
    if (this.#watchers.size === 0) return;
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher(error);
  }
}
