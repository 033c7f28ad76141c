import { X509Certificate } from "node:crypto";
import { type Check, broken, held, inapplicable, verdict } from "../../conformance/check.js";
import type { HostSubject } from "../subject.js";
import { describeRun, worked } from "../judge.js";

const area = "environment";
const needs = ["host-starts"];

/** The probe's environment in the usual run. */
async function probeEnv(subject: HostSubject): Promise<Readonly<Record<string, string>>> {
  return (await subject.usual()).probeEnv ?? {};
}

/** What a host of another kind left in the environment of this one; every value can be told from one of its own. */
const inherited: Readonly<Record<string, string>> = {
  PLUGIN_CLIENT_CERT: "inherited certificate",
  PLUGIN_MULTIPLEX_GRPC: "T",
  PLUGIN_UNIX_SOCKET_DIR: "/tenon/inherited",
  PLUGIN_UNIX_SOCKET_GROUP: "tenon-inherited",
};

/** What the host tells its plugin. Every other area needs the first two of these. */
export const environmentChecks: readonly Check<HostSubject>[] = [
  {
    id: "host-starts",
    area,
    title: "the host starts the plugin that it is given",
    rule: "HOST-01",
    level: "must",
    expects: "the program at the path in the arguments, or in TENON_CONFORMANCE_PLUGIN, is started",
    next: "Let the command start that path: write {plugin} where it belongs among the arguments.",
    run: async (subject) => {
      const run = await subject.usual();
      return run.probeEnv === undefined ? broken(describeRun(run)) : held("it was started");
    },
  },
  {
    id: "host-works",
    area,
    title: "the host connects to an ordinary plugin, stops it, and ends with exit code 0",
    rule: "HOST-03, LIFE-13",
    level: "must",
    needs,
    expects: "HTTP/2 on the plugin's address, then exit code 0",
    next: "Let the command start, call, stop, and end. The probe answers every call with an empty message.",
    run: async (subject) => worked(await subject.usual()),
  },
  {
    id: "env-cookie",
    area,
    title: "the plugin gets the cookie",
    rule: "ENV-01",
    level: "must",
    needs,
    expects: "the variable given by --cookie, with its value",
    next: "Set the contract's cookie in the plugin's environment.",
    run: async (subject) => {
      const { cookie } = subject.settings;
      if (cookie === undefined) return inapplicable("give --cookie KEY=VALUE");
      const value = (await probeEnv(subject))[cookie.key];
      return verdict(
        value === cookie.value,
        `${cookie.key} is ${value === undefined ? "not set" : JSON.stringify(value)}`,
      );
    },
  },
  {
    id: "env-versions",
    area,
    title: "PLUGIN_PROTOCOL_VERSIONS lists the host's versions, divided by commas without blanks",
    rule: "ENV-03; go-plugin since v1.0.0",
    level: "must",
    needs,
    expects: "decimal integers, and those of --versions where given",
    next: "List every version of the contract: plugins serve their lowest otherwise.",
    run: async (subject) => {
      const list = (await probeEnv(subject))["PLUGIN_PROTOCOL_VERSIONS"] ?? "";
      const found = list.split(",").sort();
      const wanted = subject.settings.versions.map(String).sort();
      const isRight = /^\d+(,\d+)*$/.test(list) && (wanted.length === 0 || found.join() === wanted.join());
      return verdict(isRight, list === "" ? "not set" : list);
    },
  },
  {
    id: "env-ports",
    area,
    title: "PLUGIN_MIN_PORT and PLUGIN_MAX_PORT are decimal, the first not above the second",
    rule: "ENV-02, ENV-10; go-plugin: always set",
    level: "must",
    needs,
    expects: "two ports, such as 10000 and 25000",
    next: "Always set both: plugins that listen on TCP read them.",
    run: async (subject) => {
      const env = await probeEnv(subject);
      const [min = "", max = ""] = [env["PLUGIN_MIN_PORT"], env["PLUGIN_MAX_PORT"]];
      const isRight = /^\d+$/.test(min) && /^\d+$/.test(max) && Number(min) <= Number(max) && Number(max) < 65_536;
      return verdict(isRight, `${min} and ${max}`);
    },
  },
  {
    id: "env-certificate",
    area,
    title: "PLUGIN_CLIENT_CERT, where it is set, is a certificate as PEM text",
    rule: "ENV-04; go-plugin: AutoMTLS",
    level: "must",
    needs,
    expects: "PEM text with its line breaks",
    next: "Pass the certificate's whole PEM text; do not set the variable without TLS.",
    run: async (subject) => {
      const pem = (await probeEnv(subject))["PLUGIN_CLIENT_CERT"];
      if (pem === undefined) return inapplicable("the host asks for no TLS");
      try {
        return held(new X509Certificate(pem).subject.replaceAll("\n", ", "));
      } catch {
        return broken(pem.slice(0, 60));
      }
    },
  },
  {
    id: "env-inherited",
    area,
    title: "handshake variables that the host inherited from its own host do not reach the plugin",
    rule: "ENV-06; go-plugin passes them on",
    level: "should",
    needs: ["host-works"],
    expects: "none of the values that stood in the host's environment",
    next: "Remove all PLUGIN_ variables of the handshake before adding your own.",
    run: async (subject) => {
      const run = await subject.run("inherited", {}, { env: inherited });
      const passed = Object.keys(inherited).filter((name) => run.probeEnv?.[name] === inherited[name]);
      return verdict(passed.length === 0, passed.length === 0 ? "none" : passed.join(", "));
    },
  },
];
