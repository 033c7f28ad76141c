import type { Requirement } from "../requirement.js";

const page = "docs/protocol/bind.md";

/** The bind protocol, of which a Tenon host is the server. */
export const bindRows: readonly Requirement[] = [
  {
    id: "BIND-01",
    side: "both",
    source: `${page}, the connection`,
    sentence: "The first frame of a plugin is Hello; the answer is Welcome, or Reject and the end of the call.",
  },
  {
    id: "BIND-02",
    side: "both",
    source: `${page}, the connection`,
    sentence: "A frame of a kind that the reader does not know is skipped.",
  },
  {
    id: "BIND-03",
    side: "host",
    source: `${page}, the connection`,
    sentence: "A plugin that says nothing is told hello-late within helloTimeoutMs.",
  },
  {
    id: "BIND-04",
    side: "host",
    source: `${page}, hello`,
    sentence: "A field of Hello that breaks its rule is refused by name, and so is another first frame.",
  },
  {
    id: "BIND-05",
    side: "host",
    source: `${page}, hello`,
    sentence: "A newer epoch of an instance evicts the older link; an epoch that was seen is refused.",
  },
  {
    id: "BIND-06",
    side: "host",
    source: `${page}, hello`,
    sentence:
      "Whatever comes on a link is its own plugin's: no frame after Hello names one, and records carry the name that was proved.",
  },
  {
    id: "BIND-07",
    side: "host",
    source: `${page}, reject`,
    sentence: "Each refusal has a code of the closed list, whether it is retryable, and a reason.",
  },
  {
    id: "BIND-08",
    side: "host",
    source: `${page}, what a token is worth`,
    sentence:
      "A token binds one plugin, and where it says so one contract and one certificate, until it expires; a wrong one is unknown.",
  },
  {
    id: "BIND-09",
    side: "host",
    source: `${page}, what a token is worth`,
    sentence:
      "A token for once is good for one Hello; Welcome has the next one, and the one before is good for 10 s from the same instance.",
  },
  {
    id: "BIND-10",
    side: "host",
    source: `${page}, what a token is worth`,
    sentence: "Revoking a token cuts its live links at once.",
  },
  {
    id: "BIND-11",
    side: "host",
    source: `${page}, which contract`,
    sentence:
      "A plugin serves exactly one contract: none is contract-unknown, several are contract-ambiguous naming them.",
  },
  {
    id: "BIND-12",
    side: "host",
    source: `${page}, which contract`,
    sentence: "The host calls the highest version that both have; none in common is version-mismatch with both lists.",
  },
  {
    id: "BIND-13",
    side: "both",
    source: `${page}, which contract`,
    sentence:
      "The descriptor hash is the SHA-256 of the canonical text, which is the same for the same services however they are declared.",
  },
  {
    id: "BIND-14",
    side: "host",
    source: `${page}, which contract`,
    sentence:
      "Where a hash differs the host asks, accepts what protobuf understands, and refuses the rest naming service, method or field.",
  },
  {
    id: "BIND-15",
    side: "both",
    source: `${page}, the channel`,
    sentence:
      "The bytes of both directions are one byte stream, ended by an empty frame: yamux with the plugin as server with multiplex, else the channel itself.",
  },
  {
    id: "BIND-16",
    side: "host",
    source: `${page}, the channel`,
    sentence: "A frame above max_frame_bytes ends its link, and no other.",
  },
  {
    id: "BIND-17",
    side: "both",
    source: `${page}, the channel`,
    sentence: "Each side sends control before bytes before logs.",
  },
  {
    id: "BIND-18",
    side: "host",
    source: `${page}, heartbeats`,
    sentence:
      "The host sends a Beat every heartbeat_ms and answers those of the plugin with the same id; the round trip is known.",
  },
  {
    id: "BIND-19",
    side: "host",
    source: `${page}, heartbeats`,
    sentence: "Silence makes a plugin suspect after 1.5 heartbeats and lost after 3; speaking again makes it resumed.",
  },
  {
    id: "BIND-20",
    side: "host",
    source: `${page}, logs`,
    sentence:
      "Records have plugin, instance, time, level, fields, call id, trace id and sequence; what the plugin dropped is counted.",
  },
  {
    id: "BIND-21",
    side: "host",
    source: `${page}, logs`,
    sentence:
      "After a reconnect Welcome says the last record that the host has, and records that come twice are skipped.",
  },
  {
    id: "BIND-22",
    side: "host",
    source: `${page}, logs`,
    sentence:
      "The level from which on records are wanted can be changed at run time; what is below it is dropped by the host too.",
  },
  {
    id: "BIND-23",
    side: "host",
    source: `${page}, the end`,
    sentence:
      "A plugin that says Goodbye is unmounted with its reason, and not waited for; one that ends its channel has 2 s to say so.",
  },
  {
    id: "BIND-24",
    side: "host",
    source: `${page}, the end`,
    sentence: "Drain asks a plugin to finish, hands out no session of it, and cuts it off after its time.",
  },
  {
    id: "BIND-25",
    side: "host",
    source: `${page}, the end`,
    sentence: "A kicked plugin is told why, its link is cut, and its instance may not come back.",
  },
  {
    id: "BIND-26",
    side: "host",
    source: `${page}, the end`,
    sentence:
      "When a link is lost its calls fail at once with UNAVAILABLE, the event is out, and the instance is waited for.",
  },
  {
    id: "BIND-27",
    side: "host",
    source: `${page}, what the host listens on`,
    sentence: "An address beyond this machine needs tls, or insecure, which is noted as a warning.",
  },
  {
    id: "BIND-28",
    side: "host",
    source: `${page}, what the host listens on`,
    sentence: "grpc.health.v1 of the host is served on the same listener.",
  },
  {
    id: "BIND-29",
    side: "host",
    source: `${page}, what the host listens on`,
    sentence:
      "Connections that no plugin is bound by are limited in number and in time; those that bind are not affected.",
  },
  {
    id: "BIND-30",
    side: "host",
    source: `${page}, the end`,
    sentence:
      "Calls to a plugin that drains fail with UNAVAILABLE before they are sent; once none is in flight it is told so with Drained.",
  },
  {
    id: "BIND-31",
    side: "host",
    source: `${page}, the end`,
    sentence: "A plugin that sends Drain is drained, with its reason, and cut off after its time.",
  },
];
