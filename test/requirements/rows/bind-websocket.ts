import type { Requirement } from "../requirement.js";

const source = "docs/protocol/bind.md, over a WebSocket";

/** What carries the bytes of a plugin that dials in where TCP cannot. */
export const bindWebSocketRows: readonly Requirement[] = [
  {
    id: "BIND-40",
    side: "both",
    source,
    sentence:
      "The binary messages of one WebSocket, wherever they begin, are the bytes of one connection, through a proxy too.",
  },
  {
    id: "BIND-41",
    side: "both",
    source,
    sentence:
      "What is no request for a WebSocket with the subprotocol at the host's path is answered by HTTP status, and the plugin says what it got.",
  },
  {
    id: "BIND-42",
    side: "host",
    source,
    sentence: "A request with an Origin is refused with 403 unless the option origins has it.",
  },
  {
    id: "BIND-43",
    side: "host",
    source,
    sentence:
      "Requests to a server of the user's are taken by handleUpgrade; without TLS one from beyond this machine needs insecure.",
  },
  {
    id: "BIND-44",
    side: "both",
    source,
    sentence: "A text message ends a WebSocket with 1003, one over 1 MiB with 1009; there is no compression.",
  },
  {
    id: "BIND-45",
    side: "both",
    source,
    sentence: "Close with 1000 is the end of both directions; any other code, and none at all, is a reset.",
  },
  {
    id: "BIND-46",
    side: "both",
    source,
    sentence: "A slow reader slows the writer, in both directions.",
  },
  {
    id: "BIND-48",
    side: "plugin",
    source: "docs/guides/bind.md, in a web page",
    sentence: "A web page is a plugin, with its script bundled as the example does.",
  },
  {
    id: "BIND-47",
    side: "plugin",
    source: "docs/guides/bind.md",
    sentence: "Without the package ws a host or plugin says that it needs it, and whatever needs no WebSocket works.",
  },
];
