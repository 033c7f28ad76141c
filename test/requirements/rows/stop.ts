import type { Requirement } from "../requirement.js";

export const stopRows: readonly Requirement[] = [
  {
    id: "STOP-01",
    side: "host",
    source: "go-plugin v1.8.0, host, kill",
    sentence: "Stop first calls GRPCController/Shutdown, and a plugin that obeys ends with exit code 0 and no signal.",
  },
  {
    id: "STOP-02",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence:
      "The Shutdown call has a time limit, and its failure, its lost answer or its absence does not fail the stop.",
  },
  {
    id: "STOP-03",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "A plugin that stays gets SIGTERM, sent to its process group.",
  },
  {
    id: "STOP-04",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "A plugin that stays even then gets SIGKILL, sent to its process group.",
  },
  {
    id: "STOP-05",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "Each wait of the ladder is an option in milliseconds with a documented default.",
  },
  {
    id: "STOP-06",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "A grandchild that keeps the plugin's pipes open does not make stop hang, and is ended with the group.",
  },
  {
    id: "STOP-07",
    side: "host",
    source: "go-plugin v1.8.0, host, kill",
    sentence: "Stop may be called again and at the same time: every call resolves with the same outcome.",
  },
  {
    id: "STOP-08",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence:
      "Stop resolves with how the instance ended, exit code, signal, elapsed time and the last lines of stderr.",
  },
  {
    id: "STOP-09",
    side: "host",
    source: "docs/protocol/go-plugin.md, stopping",
    sentence: "Stopping an instance that ended by itself resolves at once with how it ended.",
  },
  {
    id: "STOP-10",
    side: "host",
    source: "go-plugin v1.8.0, host, cleanup",
    sentence:
      "Stopping a host stops all its sessions side by side, ends running starts, and resolves with all outcomes; disposal does the same.",
  },
];
