import type { Requirement } from "../requirement.js";

const guide = "docs/guides/launchers.md";

/** One plugin and one suite over every launcher. */
export const launcherRows: readonly Requirement[] = [
  {
    id: "LAU-01",
    side: "both",
    source: guide,
    sentence:
      "A plugin in a process of its own passes the launcher suite, in plaintext, with AutoMTLS and all over one connection.",
  },
  {
    id: "LAU-02",
    side: "both",
    source: guide,
    sentence:
      "The same file called inline passes it too, with shared and with copied messages and where it can be reloaded, but for what nothing can contain within one thread.",
  },
  {
    id: "LAU-03",
    side: "both",
    source: guide,
    sentence: "The same file in a worker thread passes it.",
  },
  {
    id: "LAU-04",
    side: "both",
    source: guide,
    sentence: "The same file on its standard input and output passes it.",
  },
  {
    id: "LAU-05",
    side: "both",
    source: guide,
    sentence:
      "The same file, started by somebody else and attached to, passes it, but for the exit code, which only a parent sees.",
  },
  {
    id: "LAU-06",
    side: "both",
    source: guide,
    sentence: "The same services as a provider of pie pass it, as far as JSON-RPC has words.",
  },
  {
    id: "LAU-07",
    side: "host",
    source: guide,
    sentence: "A plugin in Go on go-plugin passes it, host services included, as far as Go can do what it asks for.",
  },
  {
    id: "LAU-08",
    side: "both",
    source: guide,
    sentence:
      "The suite fails a launcher that crosses, doubles, changes, delays or loses something, in the area of its fault.",
  },
  {
    id: "LAU-09",
    side: "both",
    source: guide,
    sentence: "What a launcher says it lacks is skipped with its own reason, and nothing else is.",
  },
  {
    id: "LAU-10",
    side: "host",
    source: guide,
    sentence: "A third party's launcher that needs no command starts an instance, and passes the suite.",
  },
  {
    id: "LAU-11",
    side: "host",
    source: guide,
    sentence: "session.isolation is what the table of the guide says of the launch.",
  },
];
