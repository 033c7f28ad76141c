import type { Requirement } from "../requirement.js";

const page = "docs/protocol/stdio.md";

/** gRPC on a plugin's standard input and output. */
export const stdioLaunchRows: readonly Requirement[] = [
  {
    id: "STD-01",
    side: "host",
    source: page,
    sentence:
      "The host asks by TENON_TRANSPORT=stdio and PLUGIN_MULTIPLEX_GRPC=true, and for no certificate, socket directory or lifeline.",
  },
  {
    id: "STD-02",
    side: "plugin",
    source: page,
    sentence: "The line has the network stdio, the address - and no certificate.",
  },
  {
    id: "STD-03",
    side: "host",
    source: page,
    sentence: "A line with the network stdio that the host did not ask for is transport-mismatch.",
  },
  {
    id: "STD-04",
    side: "host",
    source: page,
    sentence: "A line with a socket where the host asked for stdio is transport-mismatch, and nobody connects to it.",
  },
  {
    id: "STD-05",
    side: "host",
    source: page,
    sentence: "What follows the line belongs to the channel to the byte, however the reads are cut.",
  },
  {
    id: "STD-06",
    side: "plugin",
    source: page,
    sentence: "Whatever the plugin's code prints, nothing but the line and the channel is on descriptor 1.",
  },
  {
    id: "STD-07",
    side: "both",
    source: page,
    sentence: "With true in the seventh field the bytes are yamux; otherwise they are HTTP/2, and there is no broker.",
  },
  {
    id: "STD-08",
    side: "plugin",
    source: page,
    sentence: "The plugin opens no socket and uses no TLS.",
  },
  {
    id: "STD-09",
    side: "host",
    source: page,
    sentence:
      "A start that fails says why as with a socket: exit, cookie, first bytes of output, last lines of errors.",
  },
  {
    id: "STD-10",
    side: "both",
    source: page,
    sentence: "Calls, streams, health, output and broker work as on a socket.",
  },
  {
    id: "STD-11",
    side: "plugin",
    source: page,
    sentence: "The end of its standard input ends the plugin, and aborts its calls in flight.",
  },
  {
    id: "STD-12",
    side: "both",
    source: page,
    sentence: "The ladder works as ever: Shutdown is answered and all output delivered before the plugin ends.",
  },
  {
    id: "STD-13",
    side: "host",
    source: page,
    sentence: "Foreign bytes on descriptor 1 after the line end the instance, and its calls fail with what was wrong.",
  },
  {
    id: "STD-14",
    side: "both",
    source: page,
    sentence: "A host that is killed leaves neither process nor file.",
  },
  {
    id: "STD-15",
    side: "both",
    source: page,
    sentence: "Large messages pass in both directions at once, and a side that does not read makes the other wait.",
  },
  {
    id: "STD-16",
    side: "plugin",
    source: page,
    sentence: "A TENON_TRANSPORT that the plugin does not know is environment-invalid.",
  },
  {
    id: "STD-17",
    side: "host",
    source: page,
    sentence: "A plugin in another language that knows nothing of yamux and brokers can be called.",
  },
];
