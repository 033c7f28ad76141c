import type { Requirement } from "../requirement.js";

export const pluginRows: readonly Requirement[] = [
  {
    id: "PLUG-01",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, cookie",
    sentence:
      "A program run without its cookie, or with another value, explains itself on standard error, prints nothing on standard output and ends with exit code 1.",
  },
  {
    id: "PLUG-02",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, health",
    sentence: "Health/Check answers SERVING for plugin and for the empty name, and NOT_FOUND for others.",
  },
  {
    id: "PLUG-03",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, controller",
    sentence: "On GRPCController/Shutdown a plugin answers, removes its socket and ends with exit code 0.",
  },
  {
    id: "PLUG-04",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, signals",
    sentence: "A plugin process ignores SIGINT.",
  },
  {
    id: "PLUG-05",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "On SIGTERM a plugin process ends its calls, removes its socket and ends.",
  },
  {
    id: "PLUG-06",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, orphans",
    sentence:
      "With TENON_LIFELINE=stdin a plugin ends when its standard input ends; without it the end of standard input means nothing.",
  },
  {
    id: "PLUG-07",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, orphans",
    sentence: "A plugin process ends when its parent process is no longer the one that started it.",
  },
  {
    id: "PLUG-08",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, addresses",
    sentence: "A socket path beyond the system's limit is refused with socket-path-too-long before listening.",
  },
  {
    id: "PLUG-09",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, addresses",
    sentence: "Only the plugin's own user can connect to its unix socket, and the socket is gone after close.",
  },
  {
    id: "PLUG-10",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence:
      "On TCP a plugin listens on 127.0.0.1 only, on the first free port of its range, and fails with listen-failed where there is none.",
  },
  {
    id: "PLUG-11",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, roles and life",
    sentence: "servePlugin changes nothing global: no environment, no signal handler, no stream, no exit.",
  },
  {
    id: "PLUG-12",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, roles and life",
    sentence: "runPlugin does nothing where its module was not started as the program.",
  },
  {
    id: "PLUG-13",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, roles and life",
    sentence:
      "An uncaught error in a plugin process is one record at error on real standard error, and the exit code is not 0.",
  },
  {
    id: "PLUG-14",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, roles and life",
    sentence: "A handshake line that cannot be written fails with handshake-write-failed and leaves no socket behind.",
  },
  {
    id: "PLUG-15",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, gRPC server",
    sentence: "A plugin answers the reflection services, v1 and v1alpha, unless told not to.",
  },
  {
    id: "PLUG-16",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, cookie",
    sentence:
      "The cookie is compared byte for byte and before anything else, so that nothing else of the environment matters where it is wrong.",
  },
  {
    id: "PLUG-17",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence:
      "A plugin that cannot serve says why in one record at error, prints nothing on standard output and ends with exit code 1.",
  },
  {
    id: "PLUG-18",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence: "With both ports 0, or without them, a plugin on TCP lets the system choose its port.",
  },
  {
    id: "PLUG-19",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "SIGHUP and SIGQUIT end a plugin process as SIGTERM does, and a second signal ends it at once.",
  },
  {
    id: "PLUG-20",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence: "On Windows a plugin listens on TCP.",
  },
  {
    id: "PLUG-21",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, addresses",
    sentence: "A plugin takes any number of connections, side by side and one after the other, multiplexed ones too.",
  },
  {
    id: "PLUG-22",
    side: "plugin",
    source: "go-plugin v1.8.0, host, dial",
    sentence:
      "A plugin answers calls whether or not the streams of broker and printed output have been opened, and these in any order.",
  },
  {
    id: "PLUG-23",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, gRPC",
    sentence: "Who watches a plugin's health is told SERVING at once and NOT_SERVING when the plugin ends.",
  },
  {
    id: "PLUG-30",
    side: "plugin",
    source: "docs/decisions/0001-dependencies.md",
    sentence: "What a plugin's author installs has at most eight packages and eight MiB, dependencies included.",
  },
  {
    id: "PLUG-24",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "A plugin goes on when nobody reads its standard error any more.",
  },
  {
    id: "PLUG-25",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "Calls in flight when a plugin is asked to end may finish within drainTimeoutMs, and are cut off then.",
  },
];
