import type { Duplex } from "node:stream";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl, type Transport } from "@connectrpc/connect";
import { serveJsonRpc } from "@tenon/wire/json-rpc";
import type { InstanceChannel } from "../launch/launcher.js";
import type { SpawnedProcess } from "../launch/plugin-process.js";
import { createPieTransport } from "./pie-transport.js";
import type { PieSettings } from "./pie-settings.js";
import type { PoliteEnd } from "./polite-end.js";

/** How long what a plugin asked may still be worked at when it is being stopped. */
const drainMs = 250;

/** What the host's end of a consumer is made of. */
export interface ConsumerInit {
  readonly stream: Duplex;
  readonly settings: PieSettings;
  /** The services of the host that the contract declares. */
  readonly services: readonly DescService[];
  /** Calls them. Undefined where there are none. */
  readonly hostServices: Transport | undefined;
  readonly plugin: string;
  readonly end: PoliteEnd;
  readonly process: SpawnedProcess;
}

/** Serves the host's services to a plugin that calls. Its channel takes no calls: the plugin serves nothing. */
export function serveConsumer(init: ConsumerInit): InstanceChannel {
  const { stream, settings, services, hostServices, plugin, end, process } = init;
  const { names, form, maxMessageBytes } = settings;
  const implementations = hostServices === undefined ? [] : services.map((service) => forward(service, hostServices));
  const server = serveJsonRpc(stream, implementations, {
    ...(names && { names }),
    ...(form && { form }),
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
  });
  // A plugin that has ended waits for no answer.
  void process.exited.then(() => server.destroy());
  const refuse = () =>
    new ConnectError(
      `the plugin "${plugin}" was launched with mode "consumer": it calls the host's services and serves none itself`,
      Code.Unimplemented,
    );
  const transport = createPieTransport({
    shutDown: (timeoutMs) => end.begin(() => void server.close({ graceMs: drainMs }), timeoutMs),
    unary: () => Promise.reject(refuse()),
    stream: () => Promise.reject(refuse()),
  });
  return {
    transport,
    closed: server.closed,
    ping: () => Promise.reject(refuse()),
    destroy: (cause) => server.destroy(cause),
  };
}

/** An implementation that hands every call on. */
function forward(service: DescService, to: Transport) {
  const methods = service.methods.flatMap((method) => {
    if (method.methodKind !== "unary") return [];
    const call = async (request: Record<string, unknown>, { signal }: { readonly signal: AbortSignal }) =>
      (await to.unary(method as DescMethodUnary, signal, undefined, undefined, request)).message;
    return [[method.localName, call] as const];
  });
  return { service, implementation: Object.fromEntries(methods) as unknown as Partial<ServiceImpl<DescService>> };
}
