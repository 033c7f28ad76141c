import type { Requirement } from "../requirement.js";

const page = "docs/protocol/host-services.md";

export const hostServiceRows: readonly Requirement[] = [
  {
    id: "HSV-01",
    side: "host",
    source: `${page}, where they are`,
    sentence:
      "A host whose contract declares host services serves them under the broker id 0 for as long as the session lives, by sockets and multiplexed.",
  },
  {
    id: "HSV-02",
    side: "plugin",
    source: `${page}, where they are`,
    sentence:
      "A plugin dials id 0 when a handler first uses a host service, however late, and keeps the channel for all calls of its connection; a dial that failed is made again.",
  },
  {
    id: "HSV-03",
    side: "host",
    source: `${page}, what may be called`,
    sentence:
      "A service that the contract declares and the host does not grant answers PERMISSION_DENIED with the grant's name, in the message and in tenon-grant.",
  },
  {
    id: "HSV-04",
    side: "host",
    source: `${page}, what may be called`,
    sentence:
      "A service that the host's contract does not declare answers PERMISSION_DENIED with its name, whether the host has an implementation or not.",
  },
  {
    id: "HSV-05",
    side: "plugin",
    source: `${page}, what may be called`,
    sentence: "Where the host serves nothing under id 0, calls of its services fail with FAILED_PRECONDITION.",
  },
  {
    id: "HSV-06",
    side: "both",
    source: `${page}, one call within another`,
    sentence:
      "Host and plugin call each other within each other's handlers to depth 100, many such chains at once, without waiting for one another.",
  },
  {
    id: "HSV-07",
    side: "host",
    source: `${page}, one call within another`,
    sentence:
      "A call whose depth is above maxCallDepth fails with RESOURCE_EXHAUSTED, whose message names the chain of handlers.",
  },
  {
    id: "HSV-08",
    side: "host",
    source: "docs/guides/host-services.md, the host",
    sentence:
      "A grant is an implementation, or a function that makes one for each instance; one that lacks a method or cannot be made is refused before anything starts.",
  },
  {
    id: "HSV-09",
    side: "both",
    source: `${page}, where they are`,
    sentence: "With the end of either side its calls of host services end, and nothing of them is left.",
  },
  {
    id: "HSV-10",
    side: "host",
    source: "go-plugin v1.8.0, broker, Dial",
    sentence: "A plugin made with go-plugin v1.8.0 calls host services by broker.Dial(0), by sockets and multiplexed.",
  },
  {
    id: "CTX-01",
    side: "both",
    source: `${page}, one call within another`,
    sentence:
      "A call within another has what is left of the other's time as its deadline, or a shorter one of its caller's.",
  },
  {
    id: "CTX-02",
    side: "both",
    source: `${page}, one call within another`,
    sentence:
      "A call within another is cancelled when the other is; what a handler of the host has not waited for outlives its answer, what one of a plugin has not waited for only where it says so.",
  },
  {
    id: "CTX-03",
    side: "both",
    source: `${page}, one call within another`,
    sentence:
      "traceparent and tracestate that an application sets reach the handler, and every call within, unless a caller sets its own.",
  },
  {
    id: "CTX-04",
    side: "both",
    source: `${page}, metadata`,
    sentence:
      "All calls of a chain have one call id: the caller's tenon-call-id, or one that is made when a handler first asks, and then is no other call's.",
  },
  {
    id: "CTX-05",
    side: "both",
    source: `${page}, metadata`,
    sentence:
      "A handler knows its caller: a plugin the name of its host, the host plugin and instance by their connection; neither can be set by the metadata of a call.",
  },
  {
    id: "CTX-06",
    side: "both",
    source: `${page}, async context`,
    sentence:
      "AsyncLocalStorage of the caller is the same after a call, in each round over a stream of answers and in a generator of requests.",
  },
];
