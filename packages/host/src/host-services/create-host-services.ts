import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl, Transport } from "@connectrpc/connect";
import type { Contract } from "@tenon/core";
import { type Broker, hostServicesId, type HostServicesSource } from "@tenon/wire/broker";
import { lazyTransport } from "@tenon/wire/host-services";
import { describe, invalidOption } from "../options/check.js";
import type { PluginIdentity } from "../services/plugin-identity.js";
import { notDeclared, refuseAll } from "./grants.js";
import { guard } from "./guard.js";
import type { ParsedHostServices } from "./options.js";

/** For whom services of a host are made. */
export interface HostServicesInit {
  /** Name of the host. */
  readonly host: string;
  /** Name of the plugin. */
  readonly plugin: string;
  /** Id of the instance. */
  readonly instance: string;
  readonly maxCallDepth: number;
}

/** The services of the host as one instance may call them. */
export interface InstanceHostServices {
  /**
   * Calls them within this process, for a launcher that hands out a channel of its own; with `copy` neither side gets objects of the other.
   * Nothing is loaded before the first call.
   */
  directly(options: { readonly copy: boolean }): Transport;
  /** Serves them to the other side of a broker. Rejects as `Broker.serve` does. */
  serve(broker: Broker): Promise<AsyncDisposable>;
  /** The instance has ended: calls by {@link directly} fail from now on. */
  destroy(): void;
}

interface Served {
  readonly service: DescService;
  readonly implementation: ServiceImpl<DescService>;
}

/**
 * Makes the services that a contract declares for one instance, those that are not granted as ones that refuse; undefined where it declares
 * none.
 *
 * @throws TenonError `option-invalid` for an implementation that lacks a method, and for a function that throws
 */
export function createHostServices(
  contract: Contract,
  granted: ParsedHostServices,
  init: HostServicesInit,
): InstanceHostServices | undefined {
  const declared = Object.entries(contract.hostServices ?? {});
  if (declared.length === 0) return undefined;
  const plugin: PluginIdentity = Object.freeze({ name: init.plugin, instance: init.instance });
  const served: Served[] = declared.map(([name, service]) => {
    const given = granted.get(name);
    if (given === undefined) return { service, implementation: refuseAll(service, name, plugin) };
    const implementation = implementationOf(name, service, given, plugin);
    return { service, implementation: guard(service, implementation, { ...init, plugin }) };
  });
  const unknownService = (typeName: string) => notDeclared(typeName, contract.name, plugin);
  const destroys: (() => void)[] = [];
  return {
    directly({ copy }) {
      const direct = serveDirectly(served, copy);
      destroys.push(direct.destroy);
      return declaredOnly(lazyTransport(direct.source), served, unknownService);
    },
    serve: (broker) =>
      broker.serve(
        (server) => {
          for (const { service, implementation } of served) server.add(service, implementation);
        },
        { id: hostServicesId, server: { unknownService } },
      ),
    destroy() {
      for (const destroy of destroys) destroy();
    },
  };
}

function implementationOf(name: string, service: DescService, given: object, plugin: PluginIdentity): object {
  const option = `hostServices.${name}`;
  let made: unknown = given;
  if (typeof given === "function") {
    try {
      made = (given as (plugin: PluginIdentity) => unknown)(plugin);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw invalidOption(option, `it failed for the plugin "${plugin.name}" (instance ${plugin.instance}): ${why}`);
    }
  }
  if (typeof made !== "object" || made === null) {
    throw invalidOption(option, `it must make an implementation of ${service.typeName}, not ${describe(made)}`);
  }
  const methods = made as Readonly<Record<string, unknown>>;
  const missing = service.methods.filter(({ localName }) => typeof methods[localName] !== "function");
  if (missing.length === 0) return made;
  const names = missing.map(({ localName }) => JSON.stringify(localName)).join(", ");
  throw invalidOption(option, `the implementation of ${service.typeName} lacks ${names}`);
}

function serveDirectly(
  served: readonly Served[],
  copy: boolean,
): {
  readonly source: HostServicesSource;
  readonly destroy: () => void;
} {
  let isOver = false;
  let destroyChannel = (): void => {};
  const open = async (): Promise<Transport> => {
    const { createDirectChannel } = await import("@tenon/wire/direct");
    const channel = createDirectChannel(served, { copy });
    destroyChannel = () => channel.destroy();
    if (isOver) destroyChannel();
    return (ready = channel.transport);
  };
  let opening: Promise<Transport> | undefined;
  let ready: Transport | undefined;
  const source = (): Promise<Transport> => (opening ??= open());
  Object.defineProperty(source, "ready", { get: () => ready });
  const destroy = (): void => {
    isOver = true;
    destroyChannel();
  };
  return { source, destroy };
}

/** On a socket the server refuses what is not declared; here nothing else would. */
function declaredOnly(
  inner: Transport,
  served: readonly Served[],
  unknownService: (typeName: string) => Error,
): Transport {
  const names = new Set(served.map(({ service }) => service.typeName));
  const check = (typeName: string): void => {
    if (!names.has(typeName)) throw unknownService(typeName);
  };
  return {
    async unary(method, ...rest) {
      check(method.parent.typeName);
      return inner.unary(method, ...rest);
    },
    async stream(method, ...rest) {
      check(method.parent.typeName);
      return inner.stream(method, ...rest);
    },
  };
}
