import type { Requirement } from "../requirement.js";

export const versionsRows: readonly Requirement[] = [
  {
    id: "VER-01",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, versions",
    sentence: "The plugin serves the highest of its versions that the host offers.",
  },
  {
    id: "VER-02",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, versions",
    sentence:
      "Without a list, with an empty one, or without a match the plugin serves its lowest version and does not exit.",
  },
  {
    id: "VER-03",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "The host accepts any version of its contract, and the session has that version's services.",
  },
  {
    id: "VER-04",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "An answer outside the contract is refused with version-mismatch, and the message names both sides' versions.",
  },
  {
    id: "VER-05",
    side: "both",
    source: "go-plugin v1.8.0, both, versions",
    sentence: "The order in which versions are declared or listed has no meaning.",
  },
  {
    id: "VER-06",
    side: "host",
    source: "docs/protocol/go-plugin.md, versions",
    sentence: "Asking a session for a service that its version does not have fails with service-unknown.",
  },
  {
    id: "VER-07",
    side: "both",
    source: "docs/protocol/go-plugin.md, versions",
    sentence:
      "A contract that breaks a rule of defineContract is refused with contract-invalid, and a valid one is frozen.",
  },
  {
    id: "VER-08",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, versions",
    sentence: "An implementation that does not fit its contract is refused with plugin-invalid.",
  },
];
