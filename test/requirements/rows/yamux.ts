import type { Requirement } from "../requirement.js";

/** yamux, as `@tenon/wire/yamux` speaks it. Its ids are of the wire's series. */
export const yamuxRows: readonly Requirement[] = [
  {
    id: "WIRE-15",
    side: "wire",
    source: "docs/protocol/yamux.md, frames",
    sentence:
      "yamux frames are written and read as hashicorp's module does in either role, wherever the byte stream cuts them.",
  },
  {
    id: "WIRE-16",
    side: "wire",
    source: "docs/protocol/yamux.md, a stream",
    sentence:
      "Either side of a yamux session opens streams; what the backlog or the limit cannot hold is reset, and open waits while the peer has taken none.",
  },
  {
    id: "WIRE-17",
    side: "wire",
    source: "docs/protocol/yamux.md, a stream",
    sentence: "A yamux stream ends each direction by itself with FIN, and both at once with RST, which is destroy.",
  },
  {
    id: "WIRE-18",
    side: "wire",
    source: "docs/protocol/yamux.md, a stream",
    sentence: "The windows of a yamux stream hold in both directions, bound memory, and stop its own writer only.",
  },
  {
    id: "WIRE-19",
    side: "wire",
    source: "docs/protocol/yamux.md, the session",
    sentence: "yamux pings are answered both ways, and keepalive ends a session whose peer does not answer.",
  },
  {
    id: "WIRE-20",
    side: "wire",
    source: "docs/protocol/yamux.md, the session",
    sentence: "However a yamux session ends, closed says how, every stream is told once, and nothing is left behind.",
  },
  {
    id: "WIRE-21",
    side: "wire",
    source: "docs/protocol/yamux.md, violations",
    sentence:
      "A yamux peer that breaks a rule gets go-away 1 and the session ends with the rule's name; what Go's module does itself is tolerated.",
  },
];
