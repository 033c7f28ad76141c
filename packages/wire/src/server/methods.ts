import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type Interceptor, type MethodImplSpec, type ServiceImpl } from "@connectrpc/connect";
import { intercepted } from "./interceptors.js";

/** A method that the server can call: descriptor and implementation. */
export interface ServedMethod {
  readonly method: DescMethod;
  readonly spec: MethodImplSpec;
}

/** The methods of a service by their path, `/package.Service/Method`. Methods without implementation answer UNIMPLEMENTED. */
export function servedMethods<S extends DescService>(
  service: S,
  implementation: Partial<ServiceImpl<S>>,
  interceptors: Interceptor[],
): [path: string, method: ServedMethod][] {
  const { methods } = createServiceImplSpec(service, implementation);
  return Object.values(methods).map((spec) => [
    `/${service.typeName}/${spec.method.name}`,
    { method: spec.method, spec: interceptors.length === 0 ? spec : intercepted(spec, interceptors) },
  ]);
}
