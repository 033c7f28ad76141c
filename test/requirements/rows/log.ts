import type { Requirement } from "../requirement.js";

export const logRows: readonly Requirement[] = [
  {
    id: "LOG-01",
    side: "host",
    source: "go-plugin v1.8.0, host, logs",
    sentence: "Each line of standard error becomes a record that names plugin, instance and source.",
  },
  {
    id: "LOG-02",
    side: "host",
    source: "go-plugin v1.8.0, host, logs",
    sentence: "An hclog JSON line gives level, message, time, module, caller and its other keys as fields.",
  },
  {
    id: "LOG-03",
    side: "host",
    source: "go-plugin v1.8.0, host, logs",
    sentence:
      "Levels are read without regard to case, and a JSON object without a known level is a line without one, the whole of it the message.",
  },
  {
    id: "LOG-04",
    side: "host",
    source: "docs/protocol/go-plugin.md, differences",
    sentence: "An @message, @level or @timestamp that is no text never breaks the host; the line is plain text.",
  },
  {
    id: "LOG-05",
    side: "host",
    source: "go-plugin v1.8.0, host, logs",
    sentence: "A line with a malformed @timestamp, and JSON that is no object, is plain text.",
  },
  {
    id: "LOG-06",
    side: "host",
    source: "go-plugin v1.8.0, host, logs",
    sentence:
      "The prefixes [TRACE], [DEBUG], [INFO], [WARN] and [ERROR] set the level of a plain line; one without a level is at the option defaultLevel, info unless set (go-plugin: debug).",
  },
  {
    id: "LOG-07",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "A Go panic becomes one record at error with all its lines.",
  },
  {
    id: "LOG-08",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "A JavaScript stack trace becomes one record at error with all its lines.",
  },
  {
    id: "LOG-09",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence:
      "A line over the limit comes in marked pieces, nothing of it is lost, and it is never held whole in memory.",
  },
  {
    id: "LOG-10",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "Line ends of both kinds, a last line without one, and characters split over chunks are read right.",
  },
  {
    id: "LOG-11",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "What a plugin prints on real standard output after its handshake becomes records of source stdout.",
  },
  {
    id: "LOG-12",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "A log function that throws harms neither session nor host.",
  },
  {
    id: "LOG-13",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, logs",
    sentence:
      "The plugin's logger writes one JSON object per line with @level, @message and an @timestamp of exactly six fraction digits, to real standard error.",
  },
  {
    id: "LOG-14",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "No argument makes the plugin's logger throw or write an @message, @level or @timestamp that is no text.",
  },
  {
    id: "LOG-15",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "The plugin's logger leaves out records below its level and keeps every line under 64 KiB.",
  },
  {
    id: "LOG-16",
    side: "host",
    source: "docs/protocol/go-plugin.md, logs",
    sentence: "Records of pino, winston, zap and slog give level, message and time as hclog's do.",
  },
];
