import type { Requirement } from "../requirement.js";

const page = "docs/protocol/reattach.md";

export const reattachRows: readonly Requirement[] = [
  {
    id: "REATT-01",
    side: "both",
    source: page,
    sentence:
      "Descriptors are written as JSON by name with Protocol, ProtocolVersion, Pid, Test and Addr{Network, String}, as Terraform reads them; what only Tenon knows stands in a member Tenon.",
  },
  {
    id: "REATT-02",
    side: "host",
    source: page,
    sentence:
      "They are read as Go's decoder does: names of any case, unknown members passed over, an absent Protocol is net/rpc; anything else is reattach-malformed and names the member.",
  },
  {
    id: "REATT-03",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence:
      "An instance that outlives its host can be attached to by another host, with calls, ping and printed output.",
  },
  {
    id: "REATT-04",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence: "Stopping an attached instance ends it: Shutdown, then signals.",
  },
  {
    id: "REATT-05",
    side: "host",
    source: page,
    sentence:
      "Disposal of an attached session, the stop of its host and a lost connection let go of the instance and do not end it.",
  },
  {
    id: "REATT-06",
    side: "host",
    source: page,
    sentence:
      "A signal goes to an attached process only where its identity is certain: by the descriptor's own, or since the process listens at the address.",
  },
  {
    id: "REATT-07",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence:
      "An address where nobody listens, a process that is gone and one that is another by now are instance-not-found.",
  },
  {
    id: "REATT-08",
    side: "host",
    source: page,
    sentence:
      "An attach refuses net/rpc, a version that the contract lacks, TLS of another host's session, and anything of a launch beside it, a checksum for instance.",
  },
  {
    id: "REATT-09",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence: "The death of an attached instance is noticed, ends its calls and closes the session.",
  },
  {
    id: "REATT-10",
    side: "both",
    source: page,
    sentence: "Attaching 200 times in a row leaves no descriptor, timer or file behind in host and plugin.",
  },
  {
    id: "REATT-11",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, test mode",
    sentence:
      "In test mode a plugin needs no cookie, prints no handshake line but how to attach, and serves until Ctrl-C, one host after the other.",
  },
  {
    id: "REATT-12",
    side: "host",
    source: "go-plugin v1.8.0, host, test mode",
    sentence:
      "An instance in test mode is never ended by a host, and an environment variable is read only where the application asks for it.",
  },
  {
    id: "REATT-13",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence:
      "A session tells how to attach to its instance: transport, version, address, process id and how it is secured.",
  },
  {
    id: "REATT-14",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, test mode",
    sentence: "In test mode PLUGIN_PROTOCOL_VERSIONS and PLUGIN_CLIENT_CERT count as ever.",
  },
  {
    id: "REATT-15",
    side: "host",
    source: "go-plugin v1.8.0, host, reattach",
    sentence: "An instance whose one connection carries everything cannot be attached to: connect-failed.",
  },
];
