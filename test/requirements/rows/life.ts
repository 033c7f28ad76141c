import type { Requirement } from "../requirement.js";

export const lifeRows: readonly Requirement[] = [
  {
    id: "LIFE-01",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A plugin that stays silent makes start fail with start-timeout after startTimeoutMs, 60 000 by default.",
  },
  {
    id: "LIFE-02",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence:
      "The time limit covers the whole start: neither a trickle of bytes nor a connection that never answers extends it.",
  },
  {
    id: "LIFE-03",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "A process that ends before its line makes start fail with exited-before-handshake, which tells exit code or signal.",
  },
  {
    id: "LIFE-04",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A process that closes its standard output and keeps running makes start fail with stdout-closed.",
  },
  {
    id: "LIFE-05",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A file or working directory that does not exist makes start fail with executable-not-found.",
  },
  {
    id: "LIFE-06",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A file that may not be run makes start fail with executable-not-runnable.",
  },
  {
    id: "LIFE-07",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A file for another architecture, or without its interpreter, makes start fail with executable-format.",
  },
  {
    id: "LIFE-08",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A plugin that refuses the cookie makes start fail with cookie-mismatch.",
  },
  {
    id: "LIFE-09",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "An address at which nobody answers makes start fail with connect-failed.",
  },
  {
    id: "LIFE-10",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence:
      "Every failed start is a TenonError that tells the command, exit code or signal, the last lines of stderr, the offending line escaped, elapsed time and a probable cause.",
  },
  {
    id: "LIFE-11",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "A failed start leaves no process, socket, directory or timer behind.",
  },
  {
    id: "LIFE-12",
    side: "host",
    source: "docs/protocol/go-plugin.md, start failures",
    sentence: "Aborting a start makes it fail with start-aborted and ends the process.",
  },
  {
    id: "LIFE-13",
    side: "host",
    source: "docs/protocol/go-plugin.md, TLS",
    sentence:
      "A start succeeds only after the plugin has answered on the connection, since TLS 1.3 reports a refused client too late.",
  },
  {
    id: "LIFE-14",
    side: "host",
    source: "go-plugin v1.8.0, host, services",
    sentence: "A plugin without broker, stdio, controller or health service can be started, called and stopped.",
  },
  {
    id: "LIFE-15",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence:
      "When a plugin crashes its calls in flight fail with UNAVAILABLE or, where the answer had begun, ABORTED; closed resolves with how it ended, and the host and its other sessions live on.",
  },
  {
    id: "LIFE-16",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence: "A call after the end of a session fails at once, with UNAVAILABLE or a TenonError, and never hangs.",
  },
  {
    id: "LIFE-17",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence: "A host lists its live sessions only, and after its stop it refuses to start with host-closed.",
  },
  {
    id: "LIFE-18",
    side: "both",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence: "Repeated starts and stops leave no process, socket or directory behind.",
  },
  {
    id: "LIFE-19",
    side: "both",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence: "A plugin killed in the middle of a call leaves no socket or directory behind while its host lives.",
  },
  {
    id: "LIFE-20",
    side: "both",
    source: "docs/protocol/go-plugin.md, orphans",
    sentence: "A host killed at any moment leaves no plugin, socket or directory behind.",
  },
  {
    id: "LIFE-21",
    side: "host",
    source: "docs/protocol/go-plugin.md, orphans",
    sentence:
      "The first start of a host removes the socket directories of dead hosts of its user, and touches no other name, link, file, or socket that answers.",
  },
  {
    id: "LIFE-22",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence:
      "A call in flight when its plugin is killed ends within 100 ms, and its error says which plugin and why it died.",
  },
  {
    id: "LIFE-23",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence:
      "Its error carries the metadata maybe_executed where the call had been sent, and is ABORTED where the answer had begun; a call that was not sent is UNAVAILABLE without it.",
  },
  {
    id: "LIFE-24",
    side: "host",
    source: "docs/protocol/go-plugin.md, orphans",
    sentence:
      "A plugin behind a wrapper, and what it has started in its process group, end with a host that is killed.",
  },
];
