import { parseArgs } from "node:util";
import type { DialInOptions } from "../options.js";

export const usage = `Usage: tenon-bind --to HOST:PORT [option]... -- PROGRAM [ARGUMENT]...

Starts a go-plugin plugin, dials in to a host that listens for plugins, and offers it the plugin. Ends when the plugin does, with its
exit code, and leaves in order on SIGTERM.

Where to, with files that are read again at each attempt:
  --to ADDRESS               host:port, [address]:port, unix:/path, or ws://… or wss://… with the package ws
  --token-file FILE          file with the token that the host has issued
  --tls                      TLS, with the certificate authorities of the system
  --tls-ca FILE              certificate authority of the host; implies --tls
  --tls-cert FILE            certificate of the plugin, for mutual TLS; needs --tls-key
  --tls-key FILE             its key
  --tls-servername NAME      name to expect in the host's certificate
  --insecure                 allow a host beyond this machine without TLS

What is offered:
  --name NAME                name of the plugin (default: the program's)
  --plugin-version TEXT      version of the plugin, for people
  --instance ID              id of this copy (default: a random one)
  --contract NAME            name of its contract (default: the one that fits)
  --cookie KEY=VALUE         magic cookie of the plugin, unless the environment has it
  --contract-versions LIST   versions of the contract to ask the plugin for (default: 1)
  --service NAME             service to offer; may be given again (default: what gRPC reflection tells)
  --no-multiplex             do not ask for one connection for everything: the plugin then outlives a lost link, but has no broker

Times and files:
  --start-timeout-ms MS      for the plugin's handshake (default: 60000)
  --drain-timeout-ms MS      for calls in flight when it leaves (default: 10000)
  --ready-file FILE          exists while the plugin is bound, for probes
  --help
`;

/** What the arguments say. */
export interface TenonBindArguments {
  readonly to: string;
  readonly tokenFile: string | undefined;
  readonly tls: boolean;
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly servername: string | undefined;
  readonly insecure: boolean;
  readonly name: string | undefined;
  readonly pluginVersion: string;
  readonly instance: string | undefined;
  readonly contract: string;
  readonly cookie: { readonly key: string; readonly value: string } | undefined;
  readonly versions: readonly number[];
  readonly services: readonly string[];
  readonly multiplex: boolean;
  readonly startTimeoutMs: number;
  readonly drainTimeoutMs: NonNullable<DialInOptions["drainTimeoutMs"]>;
  readonly readyFile: string | undefined;
  readonly command: readonly [string, ...string[]];
}

/** Reads the arguments: a sentence where they are wrong, "help" where help is asked for. */
export function parseArguments(args: readonly string[]): TenonBindArguments | string {
  try {
    return read(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function read(args: readonly string[]): TenonBindArguments | string {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  const [program, ...rest] = end === -1 ? [] : args.slice(end + 1);
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args: [...own],
    options: {
      to: text,
      "token-file": text,
      tls: flag,
      "tls-ca": text,
      "tls-cert": text,
      "tls-key": text,
      "tls-servername": text,
      insecure: flag,
      name: text,
      "plugin-version": text,
      instance: text,
      contract: text,
      cookie: text,
      "contract-versions": text,
      service: { type: "string", multiple: true },
      "no-multiplex": flag,
      "start-timeout-ms": text,
      "drain-timeout-ms": text,
      "ready-file": text,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  if (values.to === undefined) return "--to is missing: where does the host listen?";
  if (program === undefined) return "the program to start is missing: give it behind --";
  const { "tls-ca": ca, "tls-cert": cert, "tls-key": key } = values;
  if ((cert === undefined) !== (key === undefined)) return "--tls-cert and --tls-key belong together";
  const isSecure = values.tls || ca !== undefined || cert !== undefined || values["tls-servername"] !== undefined;
  return {
    to: values.to,
    tokenFile: values["token-file"],
    tls: isSecure,
    tlsFiles: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
    servername: values["tls-servername"],
    insecure: values.insecure,
    name: values.name,
    pluginVersion: values["plugin-version"] ?? "",
    instance: values.instance,
    contract: values.contract ?? "",
    cookie: readCookie(values.cookie),
    versions: (values["contract-versions"] ?? "1").split(",").map((each) => readNumber("--contract-versions", each)),
    services: values.service ?? [],
    multiplex: !values["no-multiplex"],
    startTimeoutMs: readNumber("--start-timeout-ms", values["start-timeout-ms"] ?? "60000"),
    drainTimeoutMs: readNumber("--drain-timeout-ms", values["drain-timeout-ms"] ?? "10000"),
    readyFile: values["ready-file"],
    command: [program, ...rest],
  };
}

function readCookie(text: string | undefined) {
  if (text === undefined) return undefined;
  const [, key, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new Error("--cookie must be KEY=VALUE");
  return { key, value };
}

function readNumber(option: string, text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new Error(`${option} is ${JSON.stringify(text)}; it must be a whole number from 0 to 2147483647`);
}
