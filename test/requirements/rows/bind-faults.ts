import type { Requirement } from "../requirement.js";

const source = "docs/protocol/bind.md";

/** What holds for plugins that dial in while networks, hosts and other plugins fail or attack. */
export const bindFaultRows: readonly Requirement[] = [
  {
    id: "BFT-01",
    side: "both",
    source,
    sentence:
      "However often and however a link is cut under load, no call outlasts its deadline by a second, none runs twice, none gets what belongs to another, and the plugin comes back as the same instance.",
  },
  {
    id: "BFT-02",
    side: "both",
    source,
    sentence:
      "After each restart of the host under load, in order or by SIGKILL, all its plugins come back as the same instances with greater epochs.",
  },
  {
    id: "BFT-03",
    side: "both",
    source,
    sentence:
      "A Hello is answered at once; a link that is reset, silent for 3 heartbeats, replaced or not allowed any more ends with its calls, and is told of.",
  },
  {
    id: "BFT-04",
    side: "host",
    source,
    sentence:
      "What is no frame, too large, or may not come at that place is refused with a reason, before Hello and after Welcome, and no other plugin is affected.",
  },
  {
    id: "BFT-05",
    side: "host",
    source,
    sentence: "Bytes of a channel that are neither yamux nor HTTP/2 end their link with a reason, and no other.",
  },
  {
    id: "BFT-06",
    side: "host",
    source,
    sentence: "A plugin that does not read slows down its own callers only, and what the host keeps for it is bounded.",
  },
  {
    id: "BFT-07",
    side: "host",
    source,
    sentence:
      "Without its right nobody takes the place of a plugin, whatever token, epoch or Hello of another it sends, or speaks for one.",
  },
  {
    id: "BFT-08",
    side: "both",
    source,
    sentence: "A token is in no record, event, error or printed object of either side, whatever becomes of the Hello.",
  },
  {
    id: "BFT-09",
    side: "host",
    source,
    sentence:
      "A flood of log records with wrong sequences, levels, times and fields is taken, skipped or counted under the name of its plugin, and no other is affected.",
  },
];
