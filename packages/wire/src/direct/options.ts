import type { DescService } from "@bufbuild/protobuf";
import type { ContextValues, Interceptor, ServiceImpl } from "@connectrpc/connect";
import type { MetadataInit } from "../grpc/metadata.js";
import { checkFunctions, checkIsObject, checkNumbers, checkTypes, maxTimerMs } from "../options/check.js";

/** A service and what implements it, for `createDirectChannel`. `directService` makes one whose types were checked. */
export interface DirectService {
  readonly service: DescService;
  /** Methods that are not there answer UNIMPLEMENTED. */
  readonly implementation: Partial<ServiceImpl<DescService>>;
}

/** Joins a service and its implementation. Methods that are not there answer UNIMPLEMENTED. */
export function directService<S extends DescService>(
  service: S,
  implementation: Partial<ServiceImpl<S>>,
): DirectService {
  return { service, implementation: implementation };
}

/** Options of a direct channel. Each has a default. */
export interface DirectOptions {
  /**
   * Whether each message is copied on its way, so that neither side sees what the other does to its own afterwards. The copy is made
   * as the wire makes it, by bytes, so it checks the values too and also fits where both sides have their own generated code.
   * Default false: caller and handler share the objects.
   */
  readonly copy?: boolean;
  /** Puts what belongs to the channel into the context values of each call, when a handler first asks for them. */
  readonly contextValues?: (values: ContextValues) => void;
  /** Connect-ES interceptors of the caller, the first one outermost. Default none; without any, calls take a shorter path. */
  readonly interceptors?: readonly Interceptor[];
  /** Deadline in milliseconds of unary calls that name none. Default none. */
  readonly defaultTimeoutMs?: number;
  /** Metadata of every call. What a call brings under the same name counts instead. Default none. */
  readonly metadata?: MetadataInit;
}

/** Throws `option-invalid` for what an option cannot be. */
export function checkDirectOptions(options: DirectOptions): void {
  checkIsObject("options", options);
  checkTypes(options, "boolean", ["copy"]);
  checkTypes(options, "function", ["contextValues"]);
  checkFunctions(options, "interceptors");
  checkNumbers(options, { defaultTimeoutMs: [1, maxTimerMs, "parts"] });
}
