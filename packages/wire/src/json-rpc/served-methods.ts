import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor, MethodImplSpec, ServiceImpl } from "@connectrpc/connect";
import { type ServedMethod, servedMethods } from "../server/methods.js";
import { checkNames, type JsonRpcNames, nameOf } from "./names.js";
import { streamsRefused } from "./refusals.js";

/** A service and what implements it. Methods that are not there answer UNIMPLEMENTED. */
export interface JsonRpcService {
  readonly service: DescService;
  readonly implementation: Partial<ServiceImpl<DescService>>;
}

/** A method that can be served: it has one request and one answer. */
export interface UnaryMethod extends ServedMethod {
  readonly spec: Extract<MethodImplSpec, { kind: "unary" }>;
}

/** Finds methods by what they are called. */
export class NamedMethods {
  readonly #methods = new Map<string, ServedMethod>();
  readonly #services = new Set<string>();

  /** @throws {@link TenonError} `option-invalid` where two methods are called the same */
  constructor(
    services: readonly JsonRpcService[],
    names: JsonRpcNames | undefined,
    interceptors: readonly Interceptor[],
  ) {
    const descriptors = services.map(({ service }) => service);
    checkNames(names, descriptors);
    for (const { service, implementation } of services) {
      for (const [, served] of servedMethods(service, implementation, [...interceptors])) {
        const name = nameOf(served.method, names);
        this.#methods.set(name, served);
        this.#services.add(serviceOf(name));
      }
    }
  }

  /** Throws a ConnectError, or a {@link GoError} where Go's server has the same error. */
  find(name: string): UnaryMethod {
    const served = this.#methods.get(name);
    if (served?.spec.kind === "unary") return served as UnaryMethod;
    if (served !== undefined) throw streamsRefused(served.method);
    if (!name.includes(".")) throw new GoError(`rpc: service/method request ill-formed: ${name}`);
    throw new GoError(`rpc: can't find ${this.#services.has(serviceOf(name)) ? "method" : "service"} ${name}`);
  }
}

/** An error whose text is Go's own, for there are peers that look at it. It is sent without a code before it. */
export class GoError extends Error {}

function serviceOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}
