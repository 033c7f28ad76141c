import type { JsonRpcNames, MessageForm } from "@tenon/wire/json-rpc";
import type { StdioLaunch } from "../launch/stdio/stdio-launch.js";

/**
 * How to start a plugin that speaks JSON-RPC on its standard streams, as those made with natefinch/pie and Go's `net/rpc/jsonrpc` do.
 * Plain data: it can come from a manifest. There is no handshake, so nothing but the first call shows whether it is such a plugin. See
 * docs/protocol/pie.md.
 */
export interface PieLaunch extends Omit<StdioLaunch, "stdio"> {
  /** The command and its arguments, as in `ProcessLaunch.process`. */
  readonly pie: readonly [command: string, ...args: string[]];
  /**
   * `"provider"`: the plugin serves the contract, the host calls. `"consumer"`: the plugin calls the host's services, and serves
   * nothing. Default `"provider"`. pie: `StartProviderCodec` and `StartConsumer`.
   */
  readonly mode?: "provider" | "consumer";
  /** Which version of the contract the plugin was written for. Default: the lowest. */
  readonly version?: number;
  /**
   * What the plugin calls services and methods where it is not `Service.Method`: by full protobuf name, such as
   * `{ "acme.v1.Greeter": "Plugin" }` or `{ "acme.v1.Greeter/Add": "add" }`. pie: the name given to `RegisterName`.
   */
  readonly names?: JsonRpcNames;
  /** How messages are written as JSON. Default: as Go reads them into plain types. */
  readonly form?: Omit<MessageForm, "registry">;
  /**
   * Longest message in bytes of JSON, either way. One to be sent fails its call with RESOURCE_EXHAUSTED; one received ends the connection.
   * Default 64 MiB.
   */
  readonly maxMessageBytes?: number;
}

/** What a pie launcher starts. */
export interface PieSettings extends Pick<PieLaunch, "version" | "names" | "form" | "maxMessageBytes"> {
  readonly mode: "provider" | "consumer";
}
