import type { Requirement } from "../requirement.js";

export const hostRows: readonly Requirement[] = [
  {
    id: "HOST-01",
    side: "host",
    source: "go-plugin v1.8.0, host, ping",
    sentence:
      "Ping asks Health/Check for plugin and tells how long the answer took; a plugin without health fails the ping and nothing else.",
  },
  {
    id: "HOST-02",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "An instance is started in a process group of its own.",
  },
  {
    id: "HOST-03",
    side: "host",
    source: "go-plugin v1.8.0, host and examples",
    sentence: "A plugin made with go-plugin itself can be started, called and stopped, with AutoMTLS and without.",
  },
  {
    id: "HOST-04",
    side: "plugin",
    source: "go-plugin v1.8.0, host and examples",
    sentence: "go-plugin's own host starts, calls and stops a Tenon plugin, with AutoMTLS and without.",
  },
  {
    id: "HOST-05",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "Ctrl-C at a terminal reaches the host alone, which decides what becomes of its plugins.",
  },
  {
    id: "HOST-06",
    side: "host",
    source: "go-plugin v1.8.0, host, ping",
    sentence: "Any answer makes a ping succeed, whatever its status, and no status ends a session.",
  },
  {
    id: "HOST-07",
    side: "host",
    source: "docs/protocol/go-plugin.md, gRPC",
    sentence: "Calls carry the :authority localhost, in plaintext too.",
  },
  {
    id: "HOST-08",
    side: "host",
    source: "docs/protocol/go-plugin.md, gRPC",
    sentence: "Requests are not compressed unless a start asks for it.",
  },
];
