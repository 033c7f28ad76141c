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
    source: "docs/protocol/handshake.md, stopping",
    sentence: "On SIGTERM a plugin process ends its calls, removes its socket and ends.",
  },
  {
    id: "PLUG-06",
    side: "plugin",
    source: "docs/protocol/handshake.md, orphans",
    sentence:
      "With TENON_LIFELINE=stdin a plugin ends when its standard input ends; without it the end of standard input means nothing.",
  },
  {
    id: "PLUG-07",
    side: "plugin",
    source: "docs/protocol/handshake.md, orphans",
    sentence: "A plugin process ends when its parent process is no longer the one that started it.",
  },
  {
    id: "PLUG-08",
    side: "plugin",
    source: "docs/protocol/handshake.md, addresses",
    sentence: "A socket path beyond the system's limit is refused with socket-path-too-long before listening.",
  },
  {
    id: "PLUG-09",
    side: "plugin",
    source: "docs/protocol/handshake.md, addresses",
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
    source: "docs/protocol/handshake.md, plugin process",
    sentence: "servePlugin changes nothing global: no environment, no signal handler, no stream, no exit.",
  },
  {
    id: "PLUG-12",
    side: "plugin",
    source: "docs/protocol/handshake.md, plugin process",
    sentence: "runPlugin does nothing where its module was not started as the program.",
  },
  {
    id: "PLUG-13",
    side: "plugin",
    source: "docs/protocol/handshake.md, plugin process",
    sentence:
      "An uncaught error in a plugin process is one record at error on real standard error, and the exit code is not 0.",
  },
  {
    id: "PLUG-14",
    side: "plugin",
    source: "docs/protocol/handshake.md, plugin process",
    sentence: "A handshake line that cannot be written fails with handshake-write-failed and leaves no socket behind.",
  },
  {
    id: "PLUG-15",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, gRPC server",
    sentence: "A plugin answers the reflection services, v1 and v1alpha, unless told not to.",
  },
];
