import type { Requirement } from "../requirement.js";

export const exampleRows: readonly Requirement[] = [
  {
    id: "EXM-01",
    side: "plugin",
    source: "go-plugin v1.8.0 and v1.4.10, examples",
    sentence:
      "The hosts of go-plugin's examples grpc, negotiated and streaming run Tenon plugins, as they are, and with AutoMTLS and multiplexing where one line more turns these on.",
  },
  {
    id: "EXM-02",
    side: "host",
    source: "go-plugin v1.8.0 and v1.4.10, examples",
    sentence:
      "The plugins of these examples, unchanged, run under a Tenon host in plaintext, with AutoMTLS and multiplexed; one of the time before multiplexing is refused where the host insists on it.",
  },
  {
    id: "EXM-03",
    side: "both",
    source: "go-plugin v1.8.0 and v1.4.10, examples",
    sentence:
      "Where an example speaks net/rpc, a Tenon host refuses it with transport-unsupported, and a Tenon plugin that a Go host cannot use ends with that host.",
  },
  {
    id: "EXM-04",
    side: "host",
    source: "go-plugin v1.8.0 and v1.4.10, examples/grpc/plugin-python",
    sentence:
      "The example plugin in Python runs under a Tenon host in plaintext, and is refused where the host insists on TLS or multiplexing.",
  },
];
