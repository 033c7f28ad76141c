import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type MethodImplSpec } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { servedMethods } from "../server/methods.js";
import type { DirectService } from "./options.js";
import type { ServiceCalls } from "./service-calls.js";

/** A method that can be called: what implements it, and the calls of its service. */
export interface DirectMethod {
  readonly served: DescMethod;
  readonly spec: MethodImplSpec;
  readonly calls: ServiceCalls;
}

/**
 * Finds the implementation of a method. A caller may have a descriptor of its own, from another copy of the generated code: names
 * decide, as on the wire.
 */
export class DirectMethods {
  readonly #byPath: ReadonlyMap<string, DirectMethod>;
  readonly #services: ReadonlySet<string>;
  readonly #found = new WeakMap<DescMethod, DirectMethod>();
  // The last one again: most callers have one method that they call often.
  #method: DescMethod | undefined;
  #target: DirectMethod | undefined;

  constructor(services: readonly DirectService[], callsOf: (service: DirectService) => ServiceCalls) {
    const names = services.map(({ service }) => service.typeName);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) {
      throw new TenonError(
        "option-invalid",
        `The service ${twice} is given twice; a channel has one implementation of each.`,
      );
    }
    this.#services = new Set(names);
    this.#byPath = new Map(
      services.flatMap((each) => {
        const calls = callsOf(each);
        return servedMethods(each.service, each.implementation, []).map(([path, { method, spec }]) => [
          path,
          { served: method, spec, calls },
        ]);
      }),
    );
  }

  /** Throws ConnectError UNIMPLEMENTED. */
  find(method: DescMethod): DirectMethod {
    if (method === this.#method) return this.#target!;
    const target = this.#found.get(method) ?? this.#search(method);
    this.#method = method;
    this.#target = target;
    return target;
  }

  #search(method: DescMethod): DirectMethod {
    const path = `/${method.parent.typeName}/${method.name}`;
    const target = this.#byPath.get(path);
    if (target === undefined) {
      const message = this.#services.has(method.parent.typeName)
        ? `unknown method ${path}`
        : `unknown service ${method.parent.typeName}, served are ${[...this.#services].sort().join(", ")}`;
      throw new ConnectError(message, Code.Unimplemented);
    }
    if (target.spec.kind !== method.methodKind) {
      const message = `${path} is ${target.spec.kind} here, and was called as ${method.methodKind}`;
      throw new ConnectError(message, Code.Unimplemented);
    }
    this.#found.set(method, target);
    return target;
  }
}
