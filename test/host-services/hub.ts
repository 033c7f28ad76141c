import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { createHost, type Host, type LogRecord, type Session } from "@tenon/host";
import { type relay, seenIn } from "../fixtures/host-services.js";
import type { Hub, Vault } from "../gen/tenon/test/v1/host_services_pb.js";

type RelaySession = Session<(typeof relay)["versions"]>;

/** The host's side of the relay: services, the session that they call, and what they have seen. */
export interface Rig {
  readonly host: Host;
  readonly records: LogRecord[];
  /** Whom the hub calls. */
  session: RelaySession | undefined;
  readonly hub: ServiceImpl<typeof Hub>;
  readonly vault: ServiceImpl<typeof Vault>;
  /** The requests of Vault, and how each ended. */
  readonly opened: string[];
  readonly aborted: Promise<unknown>;
}

/** Makes services that call back to the session that is set. */
export function createRig(name = "shop"): Rig {
  const records: LogRecord[] = [];
  const opened: string[] = [];
  let tellAborted!: (reason: unknown) => void;
  const rig: Rig = {
    host: createHost({ name, log: (record) => records.push(record) }),
    records,
    session: undefined,
    opened,
    aborted: new Promise((resolve) => (tellAborted = resolve)),
    hub: {
      async step({ steps }, context) {
        const seen = seenIn(context);
        if (steps === 0) return { seen: [seen] };
        const { seen: inner } = await rig.session!.client("worker").step({ steps: steps - 1 });
        return { seen: [seen, ...inner] };
      },
      async *steps({ steps }, context) {
        yield { seen: [seenIn(context)] };
        if (steps > 0) yield* rig.session!.client("worker").steps({ steps: steps - 1 });
      },
      async join(requests) {
        const texts: string[] = [];
        for await (const { text } of requests) texts.push(text);
        return { text: texts.join("+") };
      },
      async *talk(requests) {
        for await (const { text } of requests) yield { text: text.toUpperCase() };
      },
    },
    vault: {
      async open({ text }, context) {
        opened.push(text);
        if (text === "hang") {
          await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
          tellAborted(context.signal.reason);
        }
        if (text === "fail") {
          throw new ConnectError("the vault is empty", Code.NotFound, { "vault-code": "7" });
        }
        return { text: JSON.stringify({ ...seenIn(context), text }) };
      },
      async *watch(_request, context) {
        try {
          for (let round = 0; ; round++) yield { text: String(round) };
        } finally {
          tellAborted(context.signal.aborted);
        }
      },
    },
  };
  return rig;
}
