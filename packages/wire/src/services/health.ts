import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "@tenon/core";

/** How a service is. */
export type HealthState = "serving" | "not-serving" | "unknown";

/** gRPC's standard health service and the switch for it. Add it with `server.add(health.service, health.implementation)`. */
export interface HealthService {
  readonly service: typeof Health;
  readonly implementation: ServiceImpl<typeof Health>;
  /** Sets the state of a service, known or new; the empty name is the server as a whole. Whoever watches it is told. */
  set(service: string, state: HealthState): void;
  /** Makes a service unknown. Whoever watches it is told. */
  delete(service: string): void;
  /** Everything is NOT_SERVING from now on, whatever is set; watches are told so and end. grpc-go: `Shutdown`. */
  close(): void;
}

const statuses: Readonly<Record<HealthState, Status>> = {
  serving: Status.SERVING,
  "not-serving": Status.NOT_SERVING,
  unknown: Status.UNKNOWN,
};

/**
 * Makes the service `grpc.health.v1.Health`. `Check` of a name that is not known ends with NOT_FOUND, `Watch` of it says
 * SERVICE_UNKNOWN and goes on, `List` has them all. A watcher that reads slowly gets the latest state, not each.
 *
 * @param initial - states by name of the service; default: the server as a whole is serving, as in grpc-go
 */
export function createHealth(initial: Readonly<Record<string, HealthState>> = { "": "serving" }): HealthService {
  const known = new Map(Object.entries(initial).map(([service, state]) => [service, statuses[state]]));
  const watchers = new Map<string, Set<() => void>>();
  let isClosed = false;
  const wake = (service: string) => {
    for (const told of watchers.get(service) ?? []) told();
  };
  const statusOf = (service: string) => known.get(service) ?? Status.SERVICE_UNKNOWN;

  /** Resolves when the state of a service was set or the signal is aborted. */
  const change = (service: string, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const waiting = watchers.get(service) ?? new Set();
      watchers.set(service, waiting);
      const told = () => {
        waiting.delete(told);
        if (waiting.size === 0 && watchers.get(service) === waiting) watchers.delete(service);
        signal.removeEventListener("abort", told);
        resolve();
      };
      waiting.add(told);
      signal.addEventListener("abort", told);
    });

  const implementation: ServiceImpl<typeof Health> = {
    async check({ service }) {
      const status = known.get(service);
      if (status !== undefined) return { status };
      throw new ConnectError(`no service ${JSON.stringify(service)} is known here`, Code.NotFound);
    },
    list() {
      return { statuses: Object.fromEntries([...known].map(([service, status]) => [service, { status }])) };
    },
    async *watch({ service }, { signal }) {
      let told: Status | undefined;
      while (!signal.aborted) {
        const status = statusOf(service);
        if (status !== told) {
          told = status;
          yield { status };
        } else if (isClosed) {
          return;
        } else {
          await change(service, signal);
        }
      }
    },
  };

  return {
    service: Health,
    implementation,
    set(service, state) {
      if (isClosed) return;
      known.set(service, statuses[state]);
      wake(service);
    },
    delete(service) {
      if (!isClosed && known.delete(service)) wake(service);
    },
    close() {
      isClosed = true;
      for (const service of known.keys()) known.set(service, Status.NOT_SERVING);
      for (const service of watchers.keys()) wake(service);
    },
  };
}
