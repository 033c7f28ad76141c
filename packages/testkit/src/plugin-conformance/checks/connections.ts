import { setTimeout as sleep } from "node:timers/promises";
import { broken, type Check, held } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import { mustAnswer, openStdio } from "../calls.js";
import { dialPlain, dialSocket } from "../connect.js";

const area = "gRPC";
const needs = ["handshake-line", "address-answers"];

/** Several connections, lost ones and odd ones. Each check has a plugin of its own. */
export const connectionChecks: readonly Check<PluginSubject>[] = [
  {
    id: "two-connections",
    area,
    title: "a second connection is served beside the first",
    rule: "LIFE-16; go-plugin: reattach, grpc-go reconnects",
    level: "must",
    needs,
    expects: "answers on both",
    next: "Accept connections in a loop, for the life of the process.",
    run: async (subject) => {
      const { timeoutMs } = subject.settings;
      const { process, target } = await subject.start();
      const [first, second] = [await dialPlain(target, timeoutMs), await dialPlain(target, timeoutMs)];
      for (const channel of [first, second, first]) await mustAnswer(channel, timeoutMs);
      for (const channel of [first, second]) channel.destroy();
      await process.kill();
      return held("both answer");
    },
  },
  {
    id: "connection-lost",
    area,
    title: "the plugin survives the sudden loss of its only connection, calls in flight included",
    rule: "WIRE-12; go-plugin: grpc-go reconnects to the same address",
    level: "must",
    needs,
    expects: "the process runs on and answers on a new connection",
    next: "Let the end of a connection end its own calls and nothing else.",
    run: async (subject) => {
      const { timeoutMs, settleMs } = subject.settings;
      const { process, target } = await subject.start();
      const channel = await dialPlain(target, timeoutMs);
      await mustAnswer(channel, timeoutMs);
      const stdio = openStdio(channel);
      await stdio.settled(20);
      channel.destroy(new Error("lost on purpose"));
      await process.ended(settleMs);
      if (process.exit !== undefined) return broken(`it ended, ${process.describeEnd()}`);
      const next = await dialPlain(target, timeoutMs);
      await mustAnswer(next, timeoutMs);
      next.destroy();
      await process.kill();
      return held("it answers again");
    },
  },
  {
    id: "garbage-connection",
    area,
    title: "a connection that does not speak HTTP/2 disturbs nobody else",
    rule: "WIRE-12",
    level: "must",
    needs,
    expects: "the process runs on and answers others",
    next: "Close what does not begin with the preface of HTTP/2, and go on.",
    run: async (subject) => {
      const { timeoutMs } = subject.settings;
      const { process, target } = await subject.start();
      const sockets = [];
      for (const bytes of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HT", "\0\u0001\u0002"]) {
        const socket = await dialSocket(target, timeoutMs);
        socket.write(bytes);
        sockets.push(socket);
      }
      await sleep(100);
      for (const socket of sockets) socket.destroy();
      await process.ended(100);
      if (process.exit !== undefined) return broken(`it ended, ${process.describeEnd()}`);
      const channel = await dialPlain(target, timeoutMs);
      await mustAnswer(channel, timeoutMs);
      channel.destroy();
      await process.kill();
      return held("it answers others");
    },
  },
];
