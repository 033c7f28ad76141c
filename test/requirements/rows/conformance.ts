import type { Requirement } from "../requirement.js";

const source = "docs/guides/conformance.md";

export const conformanceRows: readonly Requirement[] = [
  {
    id: "CONF-01",
    side: "plugin",
    source,
    sentence:
      "tenon-conformance finds no broken must in Tenon's plugins, in the plugins of other languages, and in go-plugin's own examples in Go and Python.",
  },
  {
    id: "CONF-02",
    side: "host",
    source,
    sentence: "tenon-conformance finds no broken must in Tenon's host and in go-plugin's own example host.",
  },
  {
    id: "CONF-03",
    side: "both",
    source,
    sentence:
      "For every check there is a program that breaks its rule alone, and the suite reports that and nothing else.",
  },
  {
    id: "CONF-04",
    side: "both",
    source,
    sentence:
      "The command ends with 0 where no must is broken, with 1 where one is and with 2 where its arguments are wrong, and writes its report as text or JSON.",
  },
  {
    id: "CONF-05",
    side: "both",
    source,
    sentence: "Every check cites its rule: rows of the requirements, behaviour of go-plugin, or both.",
  },
];
