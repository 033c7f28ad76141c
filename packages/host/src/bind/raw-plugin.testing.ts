import { createHash } from "node:crypto";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { once } from "node:events";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient, type ServiceImpl } from "@connectrpc/connect";
import { defineContract } from "@tenon/core";
import { Bind, describeService, type HelloSchema, type HostFrame, PluginFrameSchema } from "@tenon/core/bind";
import { Store } from "@tenon/core/host-services";
import { eventually } from "@tenon/testkit";
import { connectSocket, createChannel, createFrameLink, createServer } from "@tenon/wire";
import { streamFromWebSocket } from "@tenon/wire/websocket";
import { WebSocket } from "ws";
import type { Session } from "../session/session.js";

/** What the plugins of these tests serve. */
export const store = defineContract({
  name: "store",
  cookie: { key: "STORE_PLUGIN", value: "hello" },
  versions: { 1: { store: Store } },
});

/** What a Hello is made of. */
export type HelloInit = MessageInitShape<typeof HelloSchema>;
type PluginFrameInit = NonNullable<MessageInitShape<typeof PluginFrameSchema>["frame"]>;
type Case = NonNullable<HostFrame["frame"]["case"]>;
type ValueOf<C extends Case> = Extract<HostFrame["frame"], { case: C }>["value"];

const hash = createHash("sha256").update(describeService(Store)).digest();

/** What a plugin of the contract above offers. */
export const offered = [
  {
    version: 1,
    services: [
      {
        typeName: Store.typeName,
        methods: Store.methods.map(({ name }) => name),
        descriptorHash: new Uint8Array(hash),
      },
    ],
  },
];

/** The client of what a plugin of the contract above serves. */
export function storeOf(session: Session | undefined): Client<typeof Store> {
  return (session as unknown as Session<typeof store.versions>).client("store");
}

/** A Hello that is right. */
function helloOf(init: HelloInit = {}): HelloInit {
  return {
    minProtocol: 1,
    maxProtocol: 1,
    plugin: "kv",
    version: "1.2.3",
    instance: "kv-1",
    epoch: 1n,
    contract: "store",
    versions: offered,
    ...init,
  };
}

const frame = (init: PluginFrameInit) => create(PluginFrameSchema, { frame: init });

/** A plugin that knows nothing but the protocol. */
export async function dialIn(
  address: string,
  { tls, store: implementation = {} }: { tls?: ConnectionOptions; store?: Partial<ServiceImpl<typeof Store>> } = {},
) {
  const socket = await connectTo(address, tls);
  const channel = createChannel(socket);
  const link = createFrameLink((value) => frame({ case: "bytes", value }), { outlivesDuplex: true });
  link.duplex.on("error", () => {});
  const server = createServer().add(Store, implementation);
  const came: HostFrame["frame"][] = [];
  let ended: { error: unknown } | undefined;
  let answersBeats = true;
  const call = createClient(Bind, channel.transport).attach(link.outgoing);
  const reading = (async () => {
    for await (const { frame: each } of call) {
      if (each.case === "bytes") await link.receiveBytes(each.value);
      else if (each.case === "beat" && answersBeats) link.urgent(frame({ case: "beatAnswer", value: each.value }));
      else came.push(each);
      if (each.case === "welcome") server.accept(link.duplex);
    }
  })();
  reading.then(
    () => (ended = { error: undefined }),
    (error: unknown) => (ended = { error }),
  );
  return {
    socket,
    channel,
    link,
    server,
    came,
    send: (init: PluginFrameInit) => link.urgent(frame(init)),
    hello: (init?: HelloInit) => link.urgent(frame({ case: "hello", value: helloOf(init) })),
    /** The first frame of a kind, taken out. */
    async got<C extends Case>(wanted: C): Promise<ValueOf<C>> {
      const index = (await eventually(() => came.findIndex((each) => each.case === wanted) + 1)) - 1;
      return came.splice(index, 1)[0]!.value as ValueOf<C>;
    },
    /** Neither beats nor answers to them go out any more. */
    fallSilent: () => (answersBeats = false),
    ended: () => eventually(() => ended),
    async leave() {
      link.destroy();
      server.destroy();
      channel.destroy();
      await reading.catch(() => {});
    },
  };
}

/** A plugin that knows nothing but the protocol. */
export type RawPlugin = Awaited<ReturnType<typeof dialIn>>;

async function connectTo(address: string, tls: ConnectionOptions | undefined) {
  if (address.startsWith("unix:")) return connectSocket({ path: address.slice("unix:".length) });
  if (/^wss?:/.test(address)) {
    const webSocket = new WebSocket(address, "tenon.bind.v1", { perMessageDeflate: false, ...tls });
    await once(webSocket, "open");
    return streamFromWebSocket(webSocket);
  }
  const [, host = "", port = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  if (tls === undefined) return connectSocket({ host, port: Number(port) });
  const socket = connectTls({ host, port: Number(port), ALPNProtocols: ["h2"], ...tls });
  await once(socket, "secureConnect");
  return socket;
}
