import type { Requirement } from "../requirement.js";

export const brokerRows: readonly Requirement[] = [
  {
    id: "BRK-01",
    side: "host",
    source: "go-plugin v1.8.0, host, broker",
    sentence:
      "The host opens GRPCBroker/StartStream once on each connection; a plugin without that service loses the broker and nothing else, and its use fails with broker-closed.",
  },
  {
    id: "BRK-02",
    side: "both",
    source: "go-plugin v1.8.0, broker, Accept",
    sentence:
      "Without multiplexing, whoever serves an id listens at a socket of its own and then sends ConnInfo with service_id, network and address.",
  },
  {
    id: "BRK-03",
    side: "both",
    source: "go-plugin v1.8.0, broker, Dial",
    sentence:
      "A dial may come before the id is served; it waits for at most timeoutMs, 5000 by default, and then fails with broker-timeout.",
  },
  {
    id: "BRK-04",
    side: "both",
    source: "go-plugin v1.8.0, broker, Run",
    sentence:
      "One announcement serves one dial; one that nobody claims is forgotten after the broker's timeout, and the oldest beyond 1024.",
  },
  {
    id: "BRK-05",
    side: "both",
    source: "go-plugin v1.8.0, broker, Accept",
    sentence:
      "Brokered sockets follow the rules of the main one: directory, owner or group, range of ports, and they are gone when their id is served no more.",
  },
  {
    id: "BRK-06",
    side: "both",
    source: "go-plugin v1.8.0, AutoMTLS",
    sentence:
      "Brokered connections use the TLS of the main one: whoever serves is its server, and each side accepts the other's certificate alone.",
  },
  {
    id: "BRK-07",
    side: "both",
    source: "go-plugin v1.8.0, broker, NextId",
    sentence: "Ids are unsigned 32-bit numbers that each side counts from 1 for itself, leaving out those it serves.",
  },
  {
    id: "BRK-08",
    side: "both",
    source: "go-plugin v1.8.0, broker",
    sentence: "Either side serves and either side dials, also for a call that is in flight.",
  },
  {
    id: "BRK-09",
    side: "plugin",
    source: "docs/protocol/broker.md, one broker for each connection",
    sentence: "A plugin has a broker for each connection, so that hosts do not meet and a later one finds its own.",
  },
  {
    id: "BRK-10",
    side: "both",
    source: "docs/protocol/broker.md, the end",
    sentence:
      "When the broker's stream ends, dials that wait and later uses fail with broker-closed, and what is served or dialled ends once its calls in flight have.",
  },
  {
    id: "BRK-11",
    side: "both",
    source: "docs/protocol/broker.md, the end",
    sentence:
      "With the connection everything that its broker opened goes; a plugin that drains lets calls back end first.",
  },
  {
    id: "BRK-12",
    side: "both",
    source: "go-plugin v1.8.0, broker, multiplexing",
    sentence:
      "Multiplexed, one connection runs yamux with the host as its client; the first stream is the main channel, and a stream without a knock goes to the plugin's main server and is reset by a host.",
  },
  {
    id: "BRK-13",
    side: "both",
    source: "go-plugin v1.8.0, broker, multiplexing",
    sentence:
      "A knock is answered once its id is served; after four fifths of the timeout, and for an id that is served no more, the answer says why not and the dial fails with broker-refused.",
  },
  {
    id: "BRK-14",
    side: "both",
    source: "go-plugin v1.8.0, broker, multiplexing",
    sentence:
      "A side dials one id after the other, and answers a knock when the stream of the one before has come; any number of dials may be made at once.",
  },
  {
    id: "BRK-15",
    side: "both",
    source: "docs/protocol/broker.md, stale knocks",
    sentence: "A dial that was given up and a stream that never comes misroute no later stream, whatever the order.",
  },
  {
    id: "BRK-16",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "A plugin that does not multiplex is refused with multiplex-unsupported where the host asked for it, and used without where the host only prefers it.",
  },
  {
    id: "BRK-17",
    side: "both",
    source: "go-plugin v1.8.0, broker, multiplexing",
    sentence: "Multiplexed, TLS runs inside each stream and yamux itself is plaintext.",
  },
  {
    id: "BRK-18",
    side: "both",
    source: "docs/protocol/broker.md, addresses",
    sentence:
      "An announced address that is no absolute path of a fitting length and no port of this machine is refused with address-invalid.",
  },
  {
    id: "BRK-19",
    side: "both",
    source: "docs/protocol/broker.md, the end",
    sentence: "A thousand channels opened and closed in each direction leave no descriptor, timer, listener or file.",
  },
  {
    id: "BRK-20",
    side: "both",
    source: "go-plugin v1.8.0, examples/bidirectional",
    sentence:
      "Hosts and plugins made with go-plugin v1.8.0, in plaintext, with AutoMTLS, multiplexed and both, and with v1.4.10 without multiplexing, share channels with ours in both directions.",
  },
  {
    id: "BRK-21",
    side: "both",
    source: "go-plugin v1.8.0, broker",
    sentence: "An id may be one that both sides know beforehand.",
  },
  {
    id: "BRK-22",
    side: "both",
    source: "go-plugin v1.8.0, broker, Dial",
    sentence: "Messages above 4 MiB pass over brokered channels by default.",
  },
];
