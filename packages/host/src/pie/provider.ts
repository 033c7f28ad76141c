import type { Duplex } from "node:stream";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createJsonRpcChannel } from "@tenon/wire/json-rpc";
import type { InstanceChannel } from "../launch/launcher.js";
import { createPieTransport } from "./pie-transport.js";
import type { PieSettings } from "./pie-settings.js";
import type { PoliteEnd } from "./polite-end.js";

/** What a channel to a provider is made of. */
export interface ProviderInit {
  readonly stream: Duplex;
  readonly settings: PieSettings;
  /** Services that the plugin serves. */
  readonly services: readonly DescService[];
  readonly plugin: string;
  readonly end: PoliteEnd;
  readonly explainLoss: () => Promise<Error>;
}

/** The channel to a plugin that serves. What is not of its contract is refused here: the plugin would not know it. */
export function callProvider(init: ProviderInit): InstanceChannel {
  const { stream, settings, services, plugin, end } = init;
  const { names, form, maxMessageBytes } = settings;
  const channel = createJsonRpcChannel(stream, {
    ...(names && { names }),
    ...(form && { form }),
    ...(maxMessageBytes !== undefined && { maxMessageBytes }),
    explainLoss: async () => {
      const cause = await init.explainLoss();
      return { message: cause.message, cause };
    },
  });
  const known = new Set(services.map(({ typeName }) => typeName));
  const transport = createPieTransport({
    shutDown: (timeoutMs) => end.begin(() => channel.endRequests(), timeoutMs),
    unary: (method, ...rest) =>
      known.has(method.parent.typeName)
        ? channel.transport.unary(method, ...rest)
        : Promise.reject(notOfContract(plugin, method.parent)),
    stream: (method, ...rest) => channel.transport.stream(method, ...rest),
  });
  return {
    transport,
    closed: channel.closed,
    ping: () => channel.ping(),
    destroy: (cause) => channel.destroy(cause),
  };
}

function notOfContract(plugin: string, { typeName }: DescService): ConnectError {
  const text = `the plugin "${plugin}" speaks JSON-RPC, which carries the services of its contract alone; ${typeName} is none of them`;
  return new ConnectError(text, Code.Unimplemented);
}
