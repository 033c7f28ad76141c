export { createBrokerEnd } from "./broker-end.js";
export type { BrokerEnd, BrokerInit } from "./broker-end.js";
export type { Broker, BrokerDialOptions, BrokeredServer, BrokerServeOptions } from "./broker.js";
export { brokerKey } from "./key.js";
export type { BrokerTls } from "../tls/acceptor.js";
export type { Paths } from "./paths.js";
export type { Outbox } from "./outbox.js";
export { hostServicesId, hostServicesKey } from "../host-services/key.js";
export type { HostServicesSource } from "../host-services/key.js";
