import { type Check, broken, held, verdict } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { callsOf, refused, worked } from "../judge.js";

const area = "connection";
const needs = ["host-works"];
const secureNeeds = [...needs, "env-certificate"];

/** How the host speaks with its plugin. */
export const connectionChecks: readonly Check<HostSubject>[] = [
  {
    id: "tls-mutual",
    area,
    title: "a host that asked for TLS speaks it, with its own certificate and ALPN h2",
    rule: "TLS-06, TLS-04; go-plugin: AutoMTLS",
    level: "must",
    needs: secureNeeds,
    expects: "TLS on the connection, the certificate of PLUGIN_CLIENT_CERT, h2",
    next: "Show the certificate that was sent to the plugin, and offer h2.",
    run: async (subject) => {
      const shaken = (await subject.usual()).events.find((event) => event.event === "tls");
      if (shaken === undefined) return broken("no TLS");
      return verdict(
        shaken.isHost && shaken.alpn === "h2",
        `${shaken.isHost ? "its" : "another"} certificate, ALPN ${shaken.alpn}`,
      );
    },
  },
  {
    id: "tls-pinned",
    area,
    title: "a plugin that does not hold the certificate of its line is refused",
    rule: "TLS-05; go-plugin: the only root",
    level: "must",
    needs: secureNeeds,
    expects: "no call, and an exit code other than 0",
    next: "Trust the certificate of the line and nothing else.",
    run: async (subject) => {
      return refused(await subject.run("tls-pinned", { certificate: "another" }));
    },
  },
  {
    id: "tls-insisted",
    area,
    title: "a plugin that answers a host's certificate with none is never spoken to in plaintext",
    rule: "TLS-07",
    level: "must",
    needs: secureNeeds,
    expects: "no call, and an exit code other than 0",
    next: "Fail where the sixth field is empty although a certificate was sent.",
    run: async (subject) => {
      return refused(await subject.run("tls-insisted", { certificate: "none" }));
    },
  },
  {
    id: "opens-stdio",
    area,
    title: "the host opens the stream of the plugin's output",
    rule: "STDIO-06; go-plugin: right after dialling",
    level: "should",
    needs,
    expects: "a call of plugin.GRPCStdio/StreamStdio",
    next: "Open it on connecting: some plugins block on printing where nobody reads.",
    run: async (subject) => {
      const opens = callsOf(await subject.usual()).includes("/plugin.GRPCStdio/StreamStdio");
      return verdict(opens, opens ? "it does" : "no such call");
    },
  },
  {
    id: "opens-broker",
    area,
    title: "the host opens the broker's stream",
    rule: "go-plugin: right after dialling; of use to contracts with callbacks only",
    level: "may",
    needs,
    expects: "a call of plugin.GRPCBroker/StartStream",
    next: "Open it where the contract has callbacks or further channels.",
    run: async (subject) => {
      const opens = callsOf(await subject.usual()).includes("/plugin.GRPCBroker/StartStream");
      return verdict(opens, opens ? "it does" : "no such call");
    },
  },
  {
    id: "tolerates-absent-services",
    area,
    title: "a plugin without stdio, broker, controller and health can be used",
    rule: "LIFE-14; go-plugin: UNIMPLEMENTED means absent",
    level: "must",
    needs,
    expects: "the host works with the plugin and ends with exit code 0",
    next: "Take UNIMPLEMENTED for the lack of a feature.",
    run: async (subject) => worked(await subject.run("absent services", { services: "none" })),
  },
  {
    id: "tolerates-odd-output",
    area,
    title: "chunks of output on unknown channels are dropped",
    rule: "STDIO-07; go-plugin: a warning",
    level: "must",
    needs: [...needs, "opens-stdio"],
    expects: "the host works with the plugin and ends with exit code 0",
    next: "Drop what is neither channel 1 nor 2.",
    run: async (subject) => worked(await subject.run("odd output", { stdio: "odd" })),
  },
  {
    id: "survives-crash",
    area,
    title: "a plugin that crashes under its host does not make the host hang",
    rule: "LIFE-15, LIFE-16",
    level: "must",
    needs,
    expects: "the end of the host, whatever its exit code",
    next: "Fail calls in flight and later ones when the process or its connection ends.",
    run: async (subject) => {
      const { exit, elapsedMs } = await subject.run("crash", { dies: true });
      if (exit === undefined) return broken(`it had not ended after ${Math.round(elapsedMs)} ms`);
      return exit.signal === null ? held(`exit code ${exit.code}`) : broken(`it ended by ${exit.signal}`);
    },
  },
];
