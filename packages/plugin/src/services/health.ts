import type { ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "@tenon/core";

/** The name under which go-plugin's hosts ask for the plugin as a whole. */
const pluginHealthName = "plugin";

/**
 * gRPC's standard health service. It knows the plugin as a whole (`plugin` and the empty name) and each service that is
 * served; all are SERVING until `closing` aborts and NOT_SERVING from then on.
 */
export function createHealthService(serviceNames: readonly string[], closing: AbortSignal): ServiceImpl<typeof Health> {
  const known = new Set(["", pluginHealthName, ...serviceNames]);
  const status = () => (closing.aborted ? Status.NOT_SERVING : Status.SERVING);
  return {
    async check({ service }) {
      if (known.has(service)) return { status: status() };
      // Not needed to start, and the dearest import there is.
      const { Code, ConnectError } = await import("@connectrpc/connect");
      throw new ConnectError(`no service ${JSON.stringify(service)} is served here`, Code.NotFound);
    },
    list() {
      return { statuses: Object.fromEntries([...known].map((name) => [name, { status: status() }])) };
    },
    async *watch({ service }, { signal }) {
      // The protocol of Watch: an unknown service is told as such and may become known later.
      const told = status();
      yield { status: known.has(service) ? told : Status.SERVICE_UNKNOWN };
      await anyAborted(closing, signal);
      if (known.has(service) && status() !== told) yield { status: status() };
    },
  };
}

function anyAborted(...signals: readonly AbortSignal[]): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    for (const signal of signals) signal.addEventListener("abort", done);
  });
}
