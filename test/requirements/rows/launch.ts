import type { Requirement } from "../requirement.js";

const launchers = "docs/guides/launchers.md";

/** Launchers, checksums, and the options of a start that go-plugin has too. */
export const launchRows: readonly Requirement[] = [
  {
    id: "LAUNCH-01",
    side: "host",
    source: "go-plugin v1.8.0, host, runner",
    sentence: "A launcher gets the command, the whole environment, the working directory and the socket directory.",
  },
  {
    id: "LAUNCH-02",
    side: "host",
    source: "go-plugin v1.8.0, host, runner",
    sentence: "What a launcher has started is called, stopped and accounted for like any instance.",
  },
  {
    id: "LAUNCH-03",
    side: "host",
    source: "go-plugin v1.8.0, host, runner",
    sentence: "The plugin's address is translated by its launcher before the host connects.",
  },
  {
    id: "LAUNCH-04",
    side: "host",
    source: launchers,
    sentence:
      "A launcher that fails or breaks its interface makes the start fail with launcher-failed and leaves nothing.",
  },
  {
    id: "LAUNCH-05",
    side: "host",
    source: launchers,
    sentence: "What a launcher comes with when the start was given up is killed and released.",
  },
  {
    id: "LAUNCH-06",
    side: "host",
    source: launchers,
    sentence: "A plugin in bubblewrap sees what it was given of the file system, no network and no other process.",
  },
  {
    id: "LAUNCH-07",
    side: "host",
    source: launchers,
    sentence: "A plugin in bubblewrap that does not obey is killed, and nothing of the sandbox is left.",
  },
  {
    id: "LAUNCH-08",
    side: "host",
    source: launchers,
    sentence: "A machine without bubblewrap or without namespaces makes the start fail with sandbox-unavailable.",
  },
  {
    id: "LAUNCH-09",
    side: "host",
    source: "go-plugin v1.8.0, discover",
    sentence: "discover finds the entries of a directory by pattern and gives their absolute paths, sorted.",
  },
  {
    id: "LAUNCH-10",
    side: "both",
    source: "docs/protocol/reattach.md",
    sentence: "An instance whose lifetime is its own has no lifeline and no parent-death signal.",
  },
  {
    id: "CHECK-01",
    side: "host",
    source: "go-plugin v1.8.0, host, secure config",
    sentence: "A file with the digest expected is run, from a private copy that goes with the instance.",
  },
  {
    id: "CHECK-02",
    side: "host",
    source: "go-plugin v1.8.0, host, secure config",
    sentence: "Another digest makes the start fail with checksum-mismatch before anything runs.",
  },
  {
    id: "CHECK-03",
    side: "host",
    source: "docs/decisions/0013-checksums.md",
    sentence: "A file that is swapped between check and start is not run.",
  },
  {
    id: "CHECK-04",
    side: "host",
    source: "docs/decisions/0013-checksums.md",
    sentence: "Arguments can be verified as well; a file that the command does not name is refused.",
  },
  {
    id: "CHECK-05",
    side: "host",
    source: "go-plugin v1.8.0, host, secure config",
    sentence: "A checksum without a digest is checksum-missing.",
  },
  {
    id: "OPT-01",
    side: "both",
    source: "go-plugin v1.8.0, host, ports",
    sentence: "A plugin on TCP listens on a port of the range, and fails where none is free.",
  },
  {
    id: "OPT-02",
    side: "both",
    source: "go-plugin v1.8.0, host, unix socket config",
    sentence: "With a socket group the plugin's socket belongs to it, with mode 0660.",
  },
  {
    id: "OPT-03",
    side: "host",
    source: "go-plugin v1.8.0, host, skip host environment",
    sentence: "With inheritEnv a plugin gets the named variables and its own, and none of the host's others.",
  },
  {
    id: "OPT-04",
    side: "host",
    source: "go-plugin v1.8.0, host, dial options",
    sentence: "Metadata, deadline and message limits of a start hold for every call of its session.",
  },
  {
    id: "OPT-05",
    side: "both",
    source: "go-plugin v1.8.0, host and server",
    sentence: "By default messages above 4 MiB pass in both directions.",
  },
  {
    id: "OPT-06",
    side: "host",
    source: "docs/limits.md",
    sentence: "With keepalive a plugin that hangs fails its calls and is ended.",
  },
  {
    id: "OPT-07",
    side: "host",
    source: "go-plugin v1.8.0, host, stderr",
    sentence: "The plugin's standard error is copied to the stream given, byte for byte.",
  },
  {
    id: "OPT-08",
    side: "host",
    source: "go-plugin v1.8.0, host, synced stdio",
    sentence: "What the plugin's code prints reaches the streams given, standard output and standard error apart.",
  },
  {
    id: "OPT-09",
    side: "host",
    source: "docs/limits.md",
    sentence: "A stream that fails or is too slow is reported once, and neither plugin nor host suffers from it.",
  },
  {
    id: "OPT-10",
    side: "both",
    source: "go-plugin v1.8.0, static TLS",
    sentence: "Host and plugin can bring certificates of their own; each refuses a stranger's.",
  },
  {
    id: "OPT-11",
    side: "host",
    source: "go-plugin v1.8.0, host, stdin",
    sentence: "With stdin inherit the plugin reads the host's standard input.",
  },
  {
    id: "OPT-12",
    side: "host",
    source: "go-plugin v1.8.0, host, stdin",
    sentence: "With stdin inherit a terminal stays a terminal.",
  },
  {
    id: "OPT-13",
    side: "host",
    source: "docs/limits.md",
    sentence: "An invalid value of one of these options is option-invalid, which names it.",
  },
  {
    id: "LAUNCH-11",
    side: "host",
    source: "go-plugin v1.8.0, host, runner",
    sentence: "Addresses that the broker announces are translated in both directions.",
  },
  {
    id: "LAUNCH-12",
    side: "host",
    source: "docs/guides/launchers.md",
    sentence: "An instance without handshake is reached by what its launcher hands over: a byte stream or a channel.",
  },
  {
    id: "LAUNCH-13",
    side: "host",
    source: "docs/guides/launchers.md",
    sentence: "The log names the methods that a launch cannot call, and how what it is reached by was broken.",
  },
];
