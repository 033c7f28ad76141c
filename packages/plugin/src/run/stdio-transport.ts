import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { TenonError } from "@tenon/core";
import { joinStreams } from "@tenon/wire/join-streams";

/**
 * Makes one byte stream of this process's standard input and output, which from now on belong to it alone: `process.stdin` is an
 * empty stream for everybody else. Take `process.stdout` away before, by `redirectOutput`. Ending the stream tells the host so at
 * once where the two are sockets, as Node makes them, and when the process ends where they are pipes.
 *
 * @throws {@link TenonError} `environment-invalid`, or what `refuse` makes, when one of them is neither pipe nor socket, so that no host can be behind it
 */
export function takeStandardStreams(
  plugin: string,
  refuse: (name: "input" | "output", plugin: string) => TenonError = noStream,
): Duplex {
  for (const [fd, name] of [
    [0, "input"],
    [1, "output"],
  ] as const) {
    if (!isStream(fd)) throw refuse(name, plugin);
  }
  // Node's own stream: a second one on the same descriptor takes its events from it, and code that ran before may have got hold of it.
  const input = process.stdin;
  const nothing = Readable.from([], { objectMode: false });
  Object.defineProperty(process, "stdin", { value: nothing, configurable: true, enumerable: true, writable: true });
  // Made now, since it could not be made while the descriptor is busy. It never writes: it is redirected.
  void process.stdout;
  return joinStreams(input, new Socket({ fd: 1, readable: false, writable: true }));
}

function isStream(fd: number): boolean {
  try {
    const facts = fstatSync(fd);
    return facts.isFIFO() || facts.isSocket();
  } catch {
    return false;
  }
}

function noStream(name: string, plugin: string): TenonError {
  return new TenonError(
    "environment-invalid",
    `TENON_TRANSPORT asks the plugin "${plugin}" to serve on its standard input and output, and its standard ${name} is no pipe. ` +
      "A host sets the variable for a launch with { stdio }; nobody else should.",
    { plugin, facts: { name: "TENON_TRANSPORT", stream: name } },
  );
}
