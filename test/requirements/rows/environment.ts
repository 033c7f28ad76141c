import type { Requirement } from "../requirement.js";

export const environmentRows: readonly Requirement[] = [
  {
    id: "ENV-01",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "The plugin's environment holds the magic cookie under the contract's key.",
  },
  {
    id: "ENV-02",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "PLUGIN_MIN_PORT and PLUGIN_MAX_PORT are always set.",
  },
  {
    id: "ENV-03",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "PLUGIN_PROTOCOL_VERSIONS is always set and lists every version of the contract, divided by commas without blanks.",
  },
  {
    id: "ENV-04",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "PLUGIN_CLIENT_CERT is set only under AutoMTLS, and holds the host's certificate as PEM text with its line breaks.",
  },
  {
    id: "ENV-05",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "PLUGIN_MULTIPLEX_GRPC and PLUGIN_UNIX_SOCKET_GROUP are set only where asked for.",
  },
  {
    id: "ENV-06",
    side: "host",
    source: "docs/protocol/go-plugin.md, environment",
    sentence: "Handshake variables that the host inherited from a host of its own never reach its plugins.",
  },
  {
    id: "ENV-07",
    side: "host",
    source: "docs/protocol/go-plugin.md, differences",
    sentence:
      "A launch's own variables beat inherited ones and handshake variables beat both; an own variable without a value removes the inherited one.",
  },
  {
    id: "ENV-08",
    side: "host",
    source: "docs/protocol/go-plugin.md, environment",
    sentence: "TENON_LIFELINE=stdin is set only where the plugin's standard input is a pipe that the host alone holds.",
  },
  {
    id: "ENV-09",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence:
      "A variable that is missing or empty counts as absent: ports are 0, there are no versions, no TLS and no lifeline.",
  },
  {
    id: "ENV-10",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence:
      "A port that is no decimal from 0 to 65535, or a lowest port above the highest, is refused with environment-invalid.",
  },
  {
    id: "ENV-11",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, versions",
    sentence: "Version tokens that are no integers, blanks around them included, are passed over with a note.",
  },
  {
    id: "ENV-12",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence: "PLUGIN_MULTIPLEX_GRPC is read as a Go boolean; another value counts as false with a note.",
  },
  {
    id: "ENV-13",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, environment",
    sentence:
      "A plugin process removes the handshake variables and the cookie from its own environment once it has read them.",
  },
  {
    id: "ENV-14",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, environment",
    sentence: "A TENON_LIFELINE that the plugin does not know is passed over with a note.",
  },
  {
    id: "ENV-15",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence: "Where PLUGIN_UNIX_SOCKET_DIR is set the plugin makes its socket in that directory.",
  },
  {
    id: "ENV-16",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence:
      "Where PLUGIN_UNIX_SOCKET_GROUP is set the socket belongs to that group, with mode 0660, and a group that does not exist fails with listen-failed.",
  },
  {
    id: "ENV-17",
    side: "host",
    source: "docs/protocol/go-plugin.md, environment",
    sentence:
      "Unless a start names a socket directory or a group, the host makes one that only its own user can enter, and removes it with the instance.",
  },
  {
    id: "ENV-18",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "The range of ports is 10000 to 25000 unless the start says otherwise.",
  },
  {
    id: "ENV-19",
    side: "host",
    source: "docs/protocol/go-plugin.md, environment",
    sentence: "On Windows names that differ in case only are one name, and SystemRoot is always passed on.",
  },
  {
    id: "ENV-20",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, listen",
    sentence: "A socket group is a group's name or its number.",
  },
];
