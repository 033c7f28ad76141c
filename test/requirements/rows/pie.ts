import type { Requirement } from "../requirement.js";

const source = "docs/protocol/pie.md";

/** JSON-RPC on standard streams. */
export const pieRows: readonly Requirement[] = [
  {
    id: "PIE-01",
    side: "both",
    source: "Go 1.26, net/rpc/jsonrpc",
    sentence: "JSON objects are read from the stream however it is cut, with or without blanks between them.",
  },
  {
    id: "PIE-02",
    side: "both",
    source,
    sentence: "What is no JSON object ends the connection with json-rpc-malformed, whose message shows what came.",
  },
  {
    id: "PIE-03",
    side: "both",
    source,
    sentence:
      "A received message over maxMessageBytes ends the connection with json-rpc-too-long; one to be sent fails its call.",
  },
  {
    id: "PIE-04",
    side: "both",
    source: "Go 1.26, net/rpc/jsonrpc",
    sentence:
      "Of params the first value counts, an empty list is the empty message, and anything but a list is answered with an error.",
  },
  {
    id: "PIE-05",
    side: "both",
    source: "Go 1.26, net/rpc/jsonrpc",
    sentence: "A client's ids are the integers from 0 upward.",
  },
  {
    id: "PIE-06",
    side: "both",
    source: "Go 1.26, net/rpc/jsonrpc",
    sentence: "A server sends back any JSON value as id, and null where a request has none.",
  },
  {
    id: "PIE-07",
    side: "both",
    source: "Go 1.26, net/rpc/jsonrpc",
    sentence: "Members are read whatever the case of their names, and unknown ones are passed over.",
  },
  {
    id: "PIE-08",
    side: "both",
    source: "Go 1.26, net/rpc",
    sentence: "Requests are carried out side by side and answered in the order in which the answers are ready.",
  },
  {
    id: "PIE-09",
    side: "both",
    source,
    sentence: "No answer has a result that is null together with an error that is null.",
  },
  {
    id: "PIE-10",
    side: "both",
    source,
    sentence: "A result that is null or missing, without an error, is read as the empty message.",
  },
  {
    id: "PIE-11",
    side: "both",
    source,
    sentence: "An error that is no text fails its own call alone.",
  },
  {
    id: "PIE-12",
    side: "both",
    source,
    sentence: "Answers that come late, twice, or to no call are dropped and counted.",
  },
  {
    id: "PIE-13",
    side: "both",
    source,
    sentence: "The code and the text of an error survive the way between two Tenon ends.",
  },
  {
    id: "PIE-14",
    side: "both",
    source: "Go 1.26, net/rpc",
    sentence: "The errors of Go's own server are read as codes, and written as Go writes them.",
  },
  {
    id: "PIE-15",
    side: "both",
    source,
    sentence: "A method is called Service.Method without its package, or as names says; no two may be called the same.",
  },
  {
    id: "PIE-16",
    side: "both",
    source,
    sentence: "Messages are written in the variant of proto3 JSON that Go reads into plain types, or as form says.",
  },
  {
    id: "PIE-17",
    side: "both",
    source,
    sentence: "All variants of proto3 JSON are read, with every digit of 64-bit integers.",
  },
  {
    id: "PIE-18",
    side: "both",
    source,
    sentence: "Methods that stream are refused with UNIMPLEMENTED, at the calling end before anything is sent.",
  },
  {
    id: "PIE-19",
    side: "both",
    source,
    sentence: "A deadline or an abort ends the call on the calling side at once.",
  },
  {
    id: "PIE-20",
    side: "both",
    source,
    sentence: "Without version both ends take the lowest of the contract.",
  },
  {
    id: "PIE-21",
    side: "host",
    source: "natefinch/pie",
    sentence: "A host starts a pie plugin without any handshake, and calls it as a provider.",
  },
  {
    id: "PIE-22",
    side: "host",
    source: "natefinch/pie",
    sentence: "A consumer plugin calls the host's services by their names, and the session's own clients are refused.",
  },
  {
    id: "PIE-23",
    side: "host",
    source,
    sentence: "When a pie plugin dies, the calls in flight fail with UNAVAILABLE and the reason.",
  },
  {
    id: "PIE-24",
    side: "host",
    source: "natefinch/pie",
    sentence: "A stop closes standard input, then sends SIGINT, then climbs down the usual ladder; nothing is left.",
  },
  {
    id: "PIE-25",
    side: "host",
    source,
    sentence: "A ping of a pie plugin fails with UNIMPLEMENTED.",
  },
  {
    id: "PIE-26",
    side: "plugin",
    source,
    sentence: "Nothing that a plugin's code prints gets between the messages on standard output.",
  },
  {
    id: "PIE-27",
    side: "plugin",
    source: "natefinch/pie",
    sentence: "A provider ends with exit code 0 at the end of standard input, when it has answered what is in flight.",
  },
  {
    id: "PIE-28",
    side: "plugin",
    source: "natefinch/pie",
    sentence:
      "A consumer ends with exit code 0 when its work is done or its host is gone, and with 1 when its work fails.",
  },
];
