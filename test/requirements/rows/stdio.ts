import type { Requirement } from "../requirement.js";

export const stdioRows: readonly Requirement[] = [
  {
    id: "STDIO-01",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, stdio",
    sentence:
      "What process.stdout prints travels by GRPCStdio, console becomes log records, and neither reaches real standard output.",
  },
  {
    id: "STDIO-02",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stdio",
    sentence:
      "What is printed before the handshake, by imports too where the guard is imported first, does not break the line and is delivered later.",
  },
  {
    id: "STDIO-03",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, stdio",
    sentence: "Chunks keep their order within a channel and name it: 1 for stdout, 2 for stderr.",
  },
  {
    id: "STDIO-04",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stdio",
    sentence:
      "Where nobody reads the stream, printing neither blocks the plugin nor grows its memory without bound, and losses are counted.",
  },
  {
    id: "STDIO-05",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stdio",
    sentence: "What was printed before the end of a plugin is delivered before its stream ends.",
  },
  {
    id: "STDIO-06",
    side: "host",
    source: "go-plugin v1.8.0, host, stdio",
    sentence: "The host opens the stream as soon as it is connected and turns it into records of source stdio.",
  },
  {
    id: "STDIO-07",
    side: "host",
    source: "go-plugin v1.8.0, host, stdio",
    sentence: "A stream that ends, is missing, or names an unknown channel does not disturb the session.",
  },
  {
    id: "STDIO-08",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stdio",
    sentence: "There is one reader of printed output: a later one takes over, and the stream of the earlier one ends.",
  },
  {
    id: "STDIO-09",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, numbers",
    sentence: "A chunk of printed output has 32 KiB at most.",
  },
  {
    id: "STDIO-10",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, stdio",
    sentence: "What a reader that has gone did not take waits for the next one.",
  },
];
