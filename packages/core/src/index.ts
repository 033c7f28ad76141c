// For everybody who writes a contract.
export { defineContract } from "./contract.js";
export type {
  Contract,
  ContractServices,
  ContractVersions,
  Cookie,
  NoServices,
  ServiceAt,
  ServiceNames,
} from "./contract.js";
export { errorCodes, isTenonError, TenonError } from "./errors.js";
export type { ErrorCode, TenonErrorOptions } from "./errors.js";

// For those who build a host or a plugin kit: the handshake.
export { splitTcpAddress } from "./handshake/address.js";
export {
  formatEnvironment,
  handshakeVariables,
  parseEnvironment,
  withoutHandshakeVariables,
} from "./handshake/environment.js";
export type { HandshakeEnvironment, HandshakeVariable, ParsedEnvironment } from "./handshake/environment.js";
export {
  formatHandshakeLine,
  handshakeFields,
  maxHandshakeLineBytes,
  parseHandshakeLine,
  stdioAddress,
} from "./handshake/line.js";
export type { HandshakeField, HandshakeLine, HandshakeNetwork } from "./handshake/line.js";
export { checkReattach } from "./reattach/descriptor.js";
export type { ReattachDescriptor } from "./reattach/descriptor.js";
export { formatReattach, parseReattach } from "./reattach/json.js";
export type { ReattachMap } from "./reattach/json.js";
export { acceptVersion, chooseVersion } from "./handshake/versions.js";
export { parseGoBool } from "./go-bool.js";

// For those who build a host or a plugin kit: the services of every plugin.
export { ConnInfo_KnockSchema, ConnInfoSchema, GRPCBroker } from "./gen/plugin/broker_pb.js";
export type { ConnInfo, ConnInfo_Knock } from "./gen/plugin/broker_pb.js";
export { EmptySchema, GRPCController } from "./gen/plugin/controller_pb.js";
export type { Empty } from "./gen/plugin/controller_pb.js";
export { GRPCStdio, StdioData_Channel, StdioDataSchema } from "./gen/plugin/stdio_pb.js";
export type { StdioData } from "./gen/plugin/stdio_pb.js";
export {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
  HealthListRequestSchema,
  HealthListResponseSchema,
} from "./gen/grpc/health/v1/health_pb.js";
export type {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthListRequest,
  HealthListResponse,
} from "./gen/grpc/health/v1/health_pb.js";
