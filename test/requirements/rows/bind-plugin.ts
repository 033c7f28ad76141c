import type { Requirement } from "../requirement.js";

const source = "docs/protocol/bind.md";

export const bindPluginRows: readonly Requirement[] = [
  {
    id: "BPL-01",
    side: "plugin",
    source,
    sentence:
      "bindPlugin resolves when the host has welcomed the plugin and not before, and the host calls it over the link.",
  },
  {
    id: "BPL-02",
    side: "plugin",
    source,
    sentence: "A Hello names every version with its services, their methods and the hashes of their descriptions.",
  },
  {
    id: "BPL-03",
    side: "plugin",
    source,
    sentence:
      "A host that is not there and a refusal that may pass are tried again for ever; a refusal for good rejects with bind-rejected, which has code, reason and field.",
  },
  {
    id: "BPL-04",
    side: "plugin",
    source,
    sentence:
      "A lost link is made anew after a wait that grows and differs at random, with the same instance and a higher epoch; calls in flight on it are aborted.",
  },
  {
    id: "BPL-05",
    side: "plugin",
    source,
    sentence: "After a restart of the host the plugin is bound again without its user doing anything.",
  },
  {
    id: "BPL-06",
    side: "plugin",
    source,
    sentence:
      "Heartbeats are sent, answered and measured; a silent host is suspected after 1.5 of them and given up after the host's time, but not for silence that is the plugin's own standstill.",
  },
  {
    id: "BPL-07",
    side: "plugin",
    source,
    sentence: "A host that drains the plugin gets the answers of the calls in flight, and then a goodbye.",
  },
  {
    id: "BPL-08",
    side: "plugin",
    source,
    sentence:
      "close() lets calls finish for its time, cuts off the rest, sends what was logged last, and says goodbye with a reason.",
  },
  {
    id: "BPL-09",
    side: "plugin",
    source,
    sentence: "After a goodbye of the host the plugin comes back where it may return, and closes for good where not.",
  },
  {
    id: "BPL-10",
    side: "plugin",
    source,
    sentence:
      "Log records go over the link numbered and in order, at the level that the host sets at run time, and those that the host has not taken are sent again on the next link.",
  },
  {
    id: "BPL-11",
    side: "plugin",
    source,
    sentence: "Log records over the budget are dropped, the oldest first, and counted.",
  },
  {
    id: "BPL-12",
    side: "plugin",
    source,
    sentence:
      "A host beyond this machine is not dialled without TLS, unless insecure says so; a certificate that does not fit, of either side, ends the attempt.",
  },
  {
    id: "BPL-13",
    side: "plugin",
    source,
    sentence:
      "The token's file is read again at each attempt, a token that the host gave for the next Hello comes before it, and neither is in a record or an error.",
  },
  {
    id: "BPL-14",
    side: "plugin",
    source,
    sentence: "An aborted signal ends the wait for a host, and later the link, at once.",
  },
  {
    id: "BPL-15",
    side: "plugin",
    source,
    sentence: "What onEvent throws is logged and changes nothing.",
  },
  {
    id: "BPL-16",
    side: "plugin",
    source,
    sentence:
      "A process of runBind says goodbye on SIGTERM and ends with exit code 0; one that is rejected ends with 1 and a record.",
  },
  {
    id: "BPL-17",
    side: "both",
    source,
    sentence: "A plugin that has dialled in calls the host services that it is granted, over its link.",
  },
  {
    id: "BPL-18",
    side: "both",
    source,
    sentence:
      "A plugin that dials in passes the suite of all launchers, over TCP, a unix socket, mutual TLS and WebSockets.",
  },
  {
    id: "BPL-20",
    side: "plugin",
    source,
    sentence:
      "tenon-bind offers an unchanged program with what gRPC reflection tells of it, or the services of its flags, and the host calls it.",
  },
  {
    id: "BPL-21",
    side: "plugin",
    source,
    sentence:
      "A program whose socket speaks yamux is started for each link of tenon-bind; another one serves all links.",
  },
  {
    id: "BPL-22",
    side: "plugin",
    source,
    sentence:
      "The end of the program ends the link with a reason and tenon-bind with its exit code; a program that does not start, and a refusal for good, end it with 1.",
  },
  {
    id: "BPL-23",
    side: "plugin",
    source,
    sentence: "What the program writes to standard error becomes log records, at the levels that it names.",
  },
  {
    id: "BPL-24",
    side: "plugin",
    source,
    sentence: "On SIGTERM tenon-bind says goodbye, ends the program, and ends with exit code 0.",
  },
  {
    id: "BPL-25",
    side: "plugin",
    source,
    sentence:
      "A plugin that leaves asks to be drained; tenon-bind, which cannot see calls, leaves when the host says that none is in flight, or when the time is over.",
  },
  {
    id: "BPL-26",
    side: "plugin",
    source: "docs/guides/bind-in-a-container.md",
    sentence:
      "The ready file of tenon-bind is there while the plugin is bound and not before; one that cannot be made is refused.",
  },
  {
    id: "BPL-27",
    side: "plugin",
    source,
    sentence: "However tenon-bind ends, by SIGKILL too, nothing of the program, and nothing that it started, stays.",
  },
  {
    id: "BPL-28",
    side: "plugin",
    source,
    sentence:
      "Of the window for log records as much is used as reaches the host without a queue, so that calls do not wait behind records.",
  },
];
