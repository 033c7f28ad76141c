export { createHost } from "./host.js";
export type { Broker, BrokerDialOptions, BrokeredServer, BrokerServeOptions } from "@tenon/wire/broker";
export { brokerKey } from "@tenon/wire/broker";
export type { Host, HostOptions } from "./host.js";
export type { ProcessLaunch } from "./launch/process-launch.js";
export type { StdioLaunch } from "./launch/stdio/stdio-launch.js";
export type { PieLaunch } from "./pie/pie-settings.js";
export type { AnyLaunch, Launch, LauncherLaunch } from "./launch/parse-launch.js";
export type { WorkerLaunch, WorkerResourceLimits } from "./worker/worker-settings.js";
export type { FileChecksum } from "./launch/checksum.js";
export { attachFromEnvironment } from "./attach/attach-launch.js";
export type { AttachLaunch } from "./attach/attach-launch.js";
export type { InlineLaunch } from "./inline/inline-launch.js";
export type { InlinePlugin, InlineService } from "./inline/inline-plugin.js";
export { discover } from "./launch/discover.js";
export { bubblewrapLauncher } from "./launch/bubblewrap.js";
export type { BubblewrapOptions } from "./launch/bubblewrap.js";
export { commandOf } from "./launch/command-of.js";
export { processLauncher } from "./launch/process-launcher.js";
export type {
  InstanceChannel,
  LaunchedInstance,
  Launcher,
  LauncherCapabilities,
  LaunchRequest,
  NetworkAddress,
  Reach,
} from "./launch/launcher.js";
export type { ExitFacts } from "./launch/exit-facts.js";
export { callInfo } from "@tenon/wire/host-services";
export type { CallInfo } from "@tenon/wire/host-services";
export type { HostServiceImplementation, HostServices } from "./host-services/options.js";
export type { PluginIdentity } from "./services/plugin-identity.js";
export type { ChannelSettings } from "./session/channel-settings.js";
export type { TlsSettings } from "./session/tls-settings.js";
export type { ByteSink } from "./logs/byte-sink.js";
export type { StartOptions } from "./start-options.js";
export type { PingOptions, Session } from "./session/session.js";
export { maybeExecuted } from "./session/maybe-executed.js";
export type { StopOptions } from "./stop/stop-options.js";
export type { StopHow, StopOutcome, StopStep } from "./stop/outcome.js";
export { startFactsOf } from "./diagnose/start-error.js";
export type { StartFacts } from "./diagnose/start-error.js";
export { logLevels } from "./logs/record.js";
export type { LogLevel, LogPart, LogRecord, LogSource } from "./logs/record.js";
export type { BindListener, DrainOptions } from "./bind/bind-listener.js";
export type { BoundPlugin, BoundState } from "./bind/bound-plugin.js";
export type { BindEvent, BindEventKind } from "./bind/events.js";
export type { BoundSessionOptions, ListenOptions, ListenTls } from "./bind/options.js";
export type { LogCounts } from "./logs/instance-log.js";
