import type { Requirement } from "../requirement.js";

const source = "docs/protocol/bind.md";

/** The SDKs in sdk/, with which plugins in other languages dial in. */
export const bindSdkRows: readonly Requirement[] = [
  {
    id: "SDK-01",
    side: "plugin",
    source,
    sentence:
      "A plugin on an SDK says Hello with its name, instance, token, services and methods, and serves its calls.",
  },
  {
    id: "SDK-02",
    side: "plugin",
    source,
    sentence:
      "It comes back as the same instance with a newer epoch after a lost link, a retryable Reject and a Goodbye that allows it, and ends with the host's reason else.",
  },
  {
    id: "SDK-03",
    side: "plugin",
    source,
    sentence: "It sends and answers heartbeats, and gives a silent host up.",
  },
  {
    id: "SDK-04",
    side: "plugin",
    source,
    sentence:
      "It numbers log records, keeps a bounded number until the host has them, obeys level and window, counts what it drops, and goes on behind the records of an earlier process of its instance.",
  },
  {
    id: "SDK-05",
    side: "plugin",
    source,
    sentence: "It drains and says goodbye when the host or a signal asks for it, and leaves nothing behind.",
  },
  {
    id: "SDK-06",
    side: "plugin",
    source: "sdk/go/README.md",
    sentence: "The generated code in sdk/go is what the protocol gives.",
  },
  {
    id: "SDK-07",
    side: "plugin",
    source: "sdk/go/README.md, sdk/python/README.md",
    sentence: "Each SDK has less than 300 lines, without blank ones, comments and what is generated.",
  },
];
