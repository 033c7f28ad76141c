import type { Requirement } from "../requirement.js";

const source = "docs/limits.md, plugins that dial in";

/** What a listener bears. */
export const bindScaleRows: readonly Requirement[] = [
  {
    id: "BSC-01",
    side: "host",
    source,
    sentence: "Many plugins that dial in at once are all taken in: none is refused, lost or mixed up with another.",
  },
  {
    id: "BSC-02",
    side: "host",
    source,
    sentence: "A bound plugin that rests takes little memory and next to no time of its host.",
  },
  {
    id: "BSC-03",
    side: "host",
    source,
    sentence:
      "Those who connect or call Attach and never say Hello are bounded in number, time and memory, and told why where they can be; bound plugins do not feel them.",
  },
];
