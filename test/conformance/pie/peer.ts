import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Peer } from "../../gen/tenon/test/v1/pie_pb.js";

/** What the Go plugin in go/peer-plugin does. */
export const peer: ServiceImpl<typeof Peer> = {
  echo: (values) => values,
  fail: ({ value }) => {
    throw value === "" ? new Error("") : new ConnectError(value, Code.Unknown);
  },
  async sleep({ value }) {
    await sleep(value);
    return { value };
  },
  nothing: () => ({}),
  unspeakable: () => new Promise(() => {}),
  print: ({ value }) => {
    // oxlint-disable-next-line no-console -- what it prints must not get between the messages
    console.log(value);
    process.stdout.write(`${value}, too\n`);
    process.stdout.end(`${value}, at last\n`);
    return {};
  },
  exit: ({ value }) => {
    writeSync(2, "last words\n");
    process.exit(value);
  },
  look: () => ({ pid: process.pid, environment: Object.keys(process.env) }),
  // oxlint-disable-next-line require-yield
  async *watch() {
    throw new ConnectError("nobody can call this", Code.Internal);
  },
};
