import type { Requirement } from "../requirement.js";

const source = "docs/protocol/worker.md";

export const workerRows: readonly Requirement[] = [
  {
    id: "WRK-01",
    side: "both",
    source,
    sentence:
      "The file that is a plugin process runs unchanged in a worker thread: calls, streams, broker and Shutdown work, and the thread ends with exit code 0.",
  },
  {
    id: "WRK-02",
    side: "plugin",
    source,
    sentence: "runPlugin acts in a thread that a host started, on its entry file only, and in no other thread.",
  },
  {
    id: "WRK-03",
    side: "both",
    source,
    sentence:
      "The first message on the port is the handshake line; a thread that ends before, or sends something else, fails the start with how it ended.",
  },
  {
    id: "WRK-04",
    side: "both",
    source,
    sentence:
      "What a thread logs or prints, before and after runPlugin, becomes log records of the host, also what it wrote right before process.exit.",
  },
  {
    id: "WRK-05",
    side: "both",
    source,
    sentence:
      "A thread that logs faster than its host reads never blocks the host: it waits for up to a second itself, then drops records and counts them.",
  },
  {
    id: "WRK-06",
    side: "both",
    source,
    sentence:
      "What nobody in the thread catches, whatever was thrown, ends the thread alone: with exit code 1, one record that holds the stack, and the error as the cause of what fails.",
  },
  {
    id: "WRK-07",
    side: "host",
    source,
    sentence:
      "A thread whose heap is full, or that holds more than maxExternalBytes outside it, ends with memory-exceeded.",
  },
  {
    id: "WRK-08",
    side: "host",
    source,
    sentence: "A thread in an endless loop is ended by stop, at its last step, and by an aborted start.",
  },
  {
    id: "WRK-09",
    side: "both",
    source,
    sentence:
      "Whether a thread is busy, and for how long it has been, is told without its help; one that rests is not busy.",
  },
  {
    id: "WRK-10",
    side: "host",
    source,
    sentence: "SIGTERM asks the plugin in the thread to end: calls in flight finish and cleanUp runs.",
  },
  {
    id: "WRK-11",
    side: "wire",
    source,
    sentence:
      "A byte stream on a message port keeps bytes in order whatever their sizes, holds the writer back at its window, ends each direction by itself, and passes on why it was destroyed.",
  },
  {
    id: "WRK-12",
    side: "host",
    source,
    sentence:
      "A launch that cannot be is refused before anything starts: a file that is missing, an option with no sense.",
  },
  {
    id: "WRK-13",
    side: "both",
    source,
    sentence:
      "process.exit in a plugin ends its thread with that code, fails its own calls, and touches no other instance.",
  },
  {
    id: "WRK-14",
    side: "host",
    source,
    sentence:
      "A ping that a thread at work does not answer fails as instance-busy, with the time since its event loop turned.",
  },
];
