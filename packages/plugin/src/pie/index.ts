export { runPieProvider } from "../run/run-pie-provider.js";
export type { RunPieProviderOptions } from "../run/run-pie-provider.js";
export { runPieConsumer } from "../run/run-pie-consumer.js";
export type { RunPieConsumerOptions } from "../run/run-pie-consumer.js";
export type { PieProcessOptions } from "../run/pie-process.js";
export { servePieProvider } from "./provider.js";
export type { PieProviderOptions } from "./options.js";
export { dialPieHost } from "./host.js";
export type { PieHost, PieHostOptions } from "./host.js";
