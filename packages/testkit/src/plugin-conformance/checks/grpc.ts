import { Code } from "@connectrpc/connect";
import { type Check, broken, held, type Verdict, verdict } from "../../conformance/check.js";
import type { Channel } from "@tenon/wire";
import type { PluginSubject } from "../subject.js";
import { type Answer, askHealth, askReflection, callUnary, describeAnswer, describeCode } from "../calls.js";
import { dialPlain } from "../connect.js";

const area = "gRPC";
/** They share one plugin, at the same time. */
const needs = ["handshake-line", "address-answers", "two-connections"];
const serving = 1;

/** Opens a channel of its own to the plugin that all share. */
async function withChannel<T>(
  subject: PluginSubject,
  use: (channel: Channel, timeoutMs: number) => Promise<T>,
): Promise<T> {
  const { timeoutMs } = subject.settings;
  const channel = await dialPlain((await subject.plain()).target, timeoutMs);
  try {
    return await use(channel, timeoutMs);
  } finally {
    channel.destroy();
  }
}

function wants(answer: Answer<unknown>, code: Code): Verdict {
  return verdict(answer.code === code, describeAnswer(answer));
}

/** What every gRPC server of a plugin answers, whatever its contract. */
export const grpcChecks: readonly Check<PluginSubject>[] = [
  {
    id: "health-plugin",
    area,
    title: "Health/Check for plugin answers SERVING",
    rule: "PLUG-02, HOST-01; go-plugin: Ping",
    level: "must",
    needs,
    expects: "status 1, SERVING",
    next: "Serve grpc.health.v1.Health and set plugin to SERVING.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => {
        const answer = await askHealth(channel, "plugin", timeoutMs);
        return verdict(
          answer.value === serving,
          answer.code === undefined ? `status ${answer.value}` : describeAnswer(answer),
        );
      }),
  },
  {
    id: "health-empty",
    area,
    title: "Health/Check for the empty name answers SERVING",
    rule: "PLUG-02; gRPC health checking: the server as a whole",
    level: "should",
    needs: [...needs, "health-plugin"],
    expects: "status 1, SERVING",
    next: "Set the empty name too: tools like grpc-health-probe ask for it.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => {
        const answer = await askHealth(channel, "", timeoutMs);
        return verdict(
          answer.value === serving,
          answer.code === undefined ? `status ${answer.value}` : describeAnswer(answer),
        );
      }),
  },
  {
    id: "health-unknown",
    area,
    title: "Health/Check for an unknown name answers NOT_FOUND",
    rule: "PLUG-02; gRPC health checking",
    level: "should",
    needs: [...needs, "health-plugin"],
    expects: "NOT_FOUND",
    next: "Use the health service of the gRPC library.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) =>
        wants(await askHealth(channel, "tenon.conformance.Nobody", timeoutMs), Code.NotFound),
      ),
  },
  {
    id: "unknown-service",
    area,
    title: "a call of an unknown service answers UNIMPLEMENTED",
    rule: "WIRE-13; go-plugin: hosts probe for services so",
    level: "must",
    needs,
    expects: "UNIMPLEMENTED",
    next: "Leave unknown calls to the gRPC library; catch-all handlers have to answer so too.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) =>
        wants(await callUnary(channel, "tenon.conformance.Nobody", "Nothing", timeoutMs), Code.Unimplemented),
      ),
  },
  {
    id: "unknown-method",
    area,
    title: "a call of an unknown method of a known service answers UNIMPLEMENTED",
    rule: "WIRE-13",
    level: "must",
    needs,
    expects: "UNIMPLEMENTED",
    next: "Leave unknown calls to the gRPC library.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) =>
        wants(await callUnary(channel, "grpc.health.v1.Health", "Nothing", timeoutMs), Code.Unimplemented),
      ),
  },
  {
    id: "any-authority",
    area,
    title: "calls with any :authority are answered",
    rule: "WIRE-11; go-plugin: Go hosts send unused or localhost",
    level: "must",
    needs,
    expects: "the same answer as with localhost",
    next: "Do not check the authority: there is no name on a unix socket.",
    run: async (subject) => {
      const { timeoutMs } = subject.settings;
      const { target } = await subject.plain();
      for (const authority of ["unused", "tenon.invalid", "localhost:1"]) {
        const channel = await dialPlain(target, timeoutMs, { authority });
        const answer = await askHealth(channel, "plugin", timeoutMs);
        channel.destroy();
        const isFine = answer.code === undefined || answer.code === Code.Unimplemented;
        if (!isFine) return broken(`with ${authority}: ${describeAnswer(answer)}`);
      }
      return held("three of them");
    },
  },
  {
    id: "ping",
    area,
    title: "HTTP/2 PING is answered",
    rule: "WIRE-08; RFC 9113, 6.7",
    level: "must",
    needs,
    expects: "an acknowledged PING",
    next: "Use an HTTP/2 server that is complete.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => held(`${(await channel.ping({ timeoutMs })).toFixed(1)} ms`)),
  },
  {
    id: "large-metadata",
    area,
    title: "6 KiB of metadata are accepted",
    rule: "WIRE-02; gRPC libraries: 8 KiB by default",
    level: "must",
    needs,
    expects: "the same answer as without",
    next: "Raise the limit of the header list to 8 KiB or more.",
    run: async (subject) => {
      const { timeoutMs } = subject.settings;
      const channel = await dialPlain((await subject.plain()).target, timeoutMs, {
        interceptors: [
          (next) => (request) => {
            for (let i = 0; i < 24; i++) request.header.set(`x-conformance-${i}`, "m".repeat(224));
            return next(request);
          },
        ],
      });
      const answer = await askHealth(channel, "plugin", timeoutMs);
      channel.destroy();
      const { code } = answer;
      return verdict(code === undefined || code === Code.Unimplemented, describeAnswer(answer));
    },
  },
  {
    id: "large-message",
    area,
    title: "a message of 3 MiB is accepted",
    rule: "WIRE-10; go-plugin: 4 MiB by default",
    level: "must",
    needs,
    expects: "the same answer as to a small one",
    next: "Leave the limit of received messages at 4 MiB or raise it.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => {
        const answer = await askHealth(channel, "plugin", timeoutMs, 3 << 20);
        const isFine = answer.code === undefined || answer.code === Code.Unimplemented;
        return verdict(isFine, describeAnswer(answer));
      }),
  },
  {
    id: "many-calls",
    area,
    title: "500 calls at once on one connection are all answered",
    rule: "WIRE-01",
    level: "must",
    needs,
    expects: "500 answers",
    next: "Answer calls side by side, or queue them; lose none.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => {
        const calls = Array.from({ length: 500 }, () => askHealth(channel, "plugin", timeoutMs));
        const codes = (await Promise.all(calls)).map(({ code }) => code);
        const lost = codes.filter((code) => code !== undefined && code !== Code.Unimplemented);
        return verdict(lost.length === 0, lost.length === 0 ? "500" : `${lost.length} × ${describeCode(lost[0]!)}`);
      }),
  },
  {
    id: "reflection",
    area,
    title: "server reflection lists the plugin's services",
    rule: "PLUG-15; go-plugin since v1.2.0",
    level: "may",
    needs,
    expects: "a list by grpc.reflection.v1 or v1alpha",
    next: "Add the reflection service of the gRPC library: grpcurl works then.",
    run: (subject) =>
      withChannel(subject, async (channel, timeoutMs) => {
        for (const version of ["v1", "v1alpha"]) {
          const answer = await askReflection(channel, `grpc.reflection.${version}.ServerReflection`, timeoutMs);
          if (answer.value?.includes("grpc.health.v1.Health")) return held(`by ${version}`);
        }
        return broken("no list of services");
      }),
  },
];
