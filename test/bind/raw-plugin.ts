import { connect, type IncomingHttpHeaders } from "node:http2";
import { connect as connectSocket } from "node:net";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type HelloSchema, type HostFrame, HostFrameSchema, PluginFrameSchema } from "@tenon/core/bind";
import { eventually } from "@tenon/testkit";
import { Specimen } from "@tenon/testkit/specimen";
import { counted } from "./counted.js";

type FrameInit = NonNullable<MessageInitShape<typeof PluginFrameSchema>["frame"]>;
type Kind = NonNullable<HostFrame["frame"]["case"]>;
type ValueOf<K extends Kind> = Extract<HostFrame["frame"], { case: K }>["value"];

/** What a plugin is told when it is not wanted: the code of a Reject, "goodbye", or the status of the call. */
export interface Refusal {
  readonly code: string | number;
  readonly reason: string;
}

/** The bytes of a frame of a plugin. */
export function encodeFrame(frame: FrameInit): Uint8Array {
  return toBinary(PluginFrameSchema, create(PluginFrameSchema, { frame }));
}

/** A message as gRPC sends it; `length` is what its prefix claims. */
export function grpcMessage(message: Uint8Array, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** A Hello that is right for the contract "counted", but for what is given. */
export function helloOf(init: MessageInitShape<typeof HelloSchema> = {}): FrameInit {
  const { typeName, methods } = Specimen;
  const services = [{ typeName, methods: methods.map(({ name }) => name) }];
  const versions = [{ version: 1, services }];
  const right = { minProtocol: 1, maxProtocol: 1, plugin: "attacker", instance: "a-1", contract: counted.name };
  return { case: "hello", value: { ...right, version: "1", epoch: 1n, versions, ...init } };
}

/** Dials in as a plugin of node:http2 alone, which sends whatever bytes a test wants. */
export function dialRaw(t: { after(end: () => void): void }, address: string) {
  const [host = "", port = ""] = address.split(":");
  const socket = connectSocket({ host, port: Number(port) });
  const session = connect(`http://${address}`, { createConnection: () => socket });
  const stream = session.request({
    ":method": "POST",
    ":path": "/tenon.bind.v1.Bind/Attach",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const came: HostFrame["frame"][] = [];
  let [end, status]: [Refusal | undefined, Refusal] = [undefined, { code: -1, reason: "" }];
  const onHeaders = (headers: IncomingHttpHeaders) => {
    if (headers["grpc-status"] === undefined) return;
    status = { code: Number(headers["grpc-status"]), reason: headers["grpc-message"]?.toString() ?? "" };
  };
  session.on("error", () => {});
  stream.on("error", () => {});
  stream.on("response", onHeaders);
  stream.on("trailers", onHeaders);
  stream.on("close", () => (end = status));
  let rest = Buffer.alloc(0);
  stream.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const size = 5 + rest.readUInt32BE(1);
      came.push(fromBinary(HostFrameSchema, rest.subarray(5, size)).frame);
      rest = rest.subarray(size);
    }
  });
  t.after(() => session.destroy());
  return {
    came,
    socket,
    stream,
    send: (frame: FrameInit) => void stream.write(grpcMessage(encodeFrame(frame))),
    sendMessage: (message: Uint8Array) => void stream.write(grpcMessage(message)),
    sendRaw: (bytes: Uint8Array) => void stream.write(bytes),
    /** The first frame of a kind, taken out. */
    got: async <K extends Kind>(kind: K): Promise<ValueOf<K>> => {
      const find = () => came.findIndex((frame) => frame.case === kind);
      await eventually(() => find() >= 0, { what: `the frame ${kind}` });
      return came.splice(find(), 1)[0]!.value as ValueOf<K>;
    },
    /** Waits for the end of the call; with what it was told at last. */
    refused: async (): Promise<Refusal> => {
      const last = await eventually(() => end, { what: "the end of the call" });
      for (const { case: kind, value } of came) {
        if (kind === "reject") return { code: value.code, reason: value.reason };
        if (kind === "goodbye") return { code: "goodbye", reason: value.reason };
      }
      return last;
    },
  };
}

/** Such a plugin. */
export type RawPlugin = ReturnType<typeof dialRaw>;
