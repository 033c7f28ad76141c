import { maxHandshakeLineBytes } from "@tenon/core";
import { type Check, inapplicable, verdict } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import { wholeLife } from "../whole-life.js";

const area = "handshake";
const needs = ["handshake-line"];
const line = async (subject: PluginSubject) => (await subject.plain()).line;
const goInteger = /^[+-]?\d+$/;

/** What a plugin prints on standard output. Every other area needs the first of these. */
export const handshakeChecks: readonly Check<PluginSubject>[] = [
  {
    id: "handshake-line",
    area,
    title: "the plugin prints its handshake line in time",
    rule: "HS-01, LIFE-01; go-plugin: StartTimeout",
    level: "must",
    expects: "a line like 1|1|unix|/tmp/plugin1|grpc| on standard output, flushed at once",
    next: "Print the line when the listener is open, and flush: output to a pipe is buffered in most languages.",
    run: async (subject) => verdict(true, (await line(subject)).text.trim().slice(0, 120)),
  },
  {
    id: "handshake-first",
    area,
    title: "nothing stands before the line",
    rule: "HS-01, HS-18; go-plugin: a host takes the first line",
    level: "must",
    needs,
    expects: "the handshake line first",
    next: "Print banners and logs to standard error, or later.",
    run: async (subject) => {
      const { before } = await line(subject);
      return verdict(before === "", before === "" ? "the line is the first" : `before it: ${before.slice(0, 120)}`);
    },
  },
  {
    id: "handshake-line-feed",
    area,
    title: "the line is ended by a line feed",
    rule: "HS-01; go-plugin: a host reads to the line feed",
    level: "must",
    needs,
    expects: "a line feed right behind the line",
    next: "Print the line feed in the same write.",
    run: async (subject) => {
      const { hasLineFeed } = await line(subject);
      return verdict(hasLineFeed, hasLineFeed ? "a line feed" : "none");
    },
  },
  {
    id: "handshake-length",
    area,
    title: "the line is no longer than 64 KiB",
    rule: "HS-19; go-plugin: the host's line reader",
    level: "must",
    needs,
    expects: `at most ${maxHandshakeLineBytes} bytes`,
    next: "Put nothing but the fields into the line.",
    run: async (subject) => {
      const bytes = Buffer.byteLength((await line(subject)).text);
      return verdict(bytes <= maxHandshakeLineBytes, `${bytes} bytes`);
    },
  },
  {
    id: "handshake-fields",
    area,
    title: "the line has at least five fields",
    rule: "HS-02, HS-09, HS-11; go-plugin: four fields mean net/rpc",
    level: "must",
    needs,
    expects: "CORE|APP|NETWORK|ADDRESS|grpc",
    next: "Print the fifth field, grpc: without it a host takes the plugin for one of net/rpc.",
    run: async (subject) => {
      const { fields } = await line(subject);
      return verdict(fields.length >= 5, `${fields.length} fields`);
    },
  },
  {
    id: "handshake-core",
    area,
    title: "the first field is 1",
    rule: "HS-04; go-plugin: CoreProtocolVersion",
    level: "must",
    needs,
    expects: "1",
    next: "The first field is the handshake's own version, always 1; the contract's is the second.",
    run: async (subject) => {
      const [core = ""] = (await line(subject)).fields;
      return verdict(core === "1", core);
    },
  },
  {
    id: "handshake-version",
    area,
    title: "the second field is a decimal integer",
    rule: "HS-06",
    level: "must",
    needs,
    expects: "the contract's version, such as 1",
    next: "Print the bare number, without v or dots.",
    run: async (subject) => {
      const [, version = ""] = (await line(subject)).fields;
      return verdict(goInteger.test(version), version);
    },
  },
  {
    id: "handshake-network",
    area,
    title: "the third field is unix or tcp",
    rule: "HS-07",
    level: "must",
    needs,
    expects: "unix or tcp",
    next: "Name the network as Go does.",
    run: async (subject) => {
      const network = (await line(subject)).fields[2]!;
      return verdict(network === "unix" || network === "tcp", network);
    },
  },
  {
    id: "handshake-transport",
    area,
    title: "the fifth field is grpc",
    rule: "HS-10; go-plugin: AllowedProtocols",
    level: "must",
    needs: [...needs, "handshake-fields"],
    expects: "grpc",
    next: "Serve gRPC and say so; net/rpc can be spoken in Go only.",
    run: async (subject) => {
      const transport = (await line(subject)).fields[4]!;
      return verdict(transport === "grpc", transport);
    },
  },
  {
    id: "handshake-quiet",
    area,
    title: "standard output stays silent after the line",
    rule: "HS-01; go-plugin: output goes to GRPCStdio",
    level: "should",
    needs: [...needs, "address-answers"],
    expects: "nothing behind the line, for the life of the process",
    next: "Send what the plugin's code prints by GRPCStdio: hosts throw away what comes on standard output.",
    run: async (subject) => {
      const { process, started } = await wholeLife(subject);
      const { before, text, hasLineFeed } = started.line;
      if (!hasLineFeed) return inapplicable("the line has no end");
      const after = process.stdout.slice(before.length + text.length + 1);
      return verdict(after === "", after === "" ? "nothing" : after.slice(0, 120));
    },
  },
];
