import { createHash } from "node:crypto";
import { create, type DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { TenonError } from "@tenon/core";
import { describeService, type ServedVersion, ServedVersionSchema } from "@tenon/core/bind";
import { createChannel } from "@tenon/wire";
import { listServices } from "@tenon/wire/reflection-client";
import { createYamuxSession } from "@tenon/wire/yamux";
import type { Child } from "./child.js";

/** Services that are no part of any contract. */
const ownServices = /^(?:grpc\.(?:health|reflection|channelz)\..*|plugin\.GRPC\w+)$/;

/** How long the connection to a plugin on this machine may take, in milliseconds. */
export const connectTimeoutMs = 5000;

/**
 * Asks a plugin for its services by gRPC reflection. One whose socket speaks yamux has had its only connection then.
 *
 * @throws {@link TenonError} `plugin-invalid` when it does not tell, or has none
 */
export async function findServices(
  child: Child,
  plugin: string,
  signal: AbortSignal,
): Promise<(DescService | string)[]> {
  const socket = await child.connect(AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]));
  socket.on("error", () => {});
  const stream = child.multiplex ? createYamuxSession(socket, { role: "client" }).open() : socket;
  const channel = createChannel(await stream);
  try {
    const all = await listServices(channel.transport, { signal });
    const own = all.filter((each) => !ownServices.test(typeof each === "string" ? each : each.typeName));
    if (own.length > 0) return own;
    throw new ConnectError("it has no service of its own", Code.NotFound);
  } catch (cause) {
    const { message, code } = ConnectError.from(cause);
    const why = code === Code.Unimplemented ? "it has no gRPC reflection" : message;
    throw new TenonError(
      "plugin-invalid",
      `The services of the plugin ${plugin} are not known: ${why}. Name them with --service.`,
      { plugin, cause },
    );
  } finally {
    channel.destroy();
    socket.destroy();
  }
}

/** What a Hello says of services: all of those that are known, of the others their names. */
export function describeServices(version: number, services: readonly (DescService | string)[]) {
  const texts = new Map<string, string>();
  const served = services.map((service) => {
    if (typeof service === "string") return { typeName: service };
    const text = describeService(service);
    texts.set(service.typeName, text);
    return {
      typeName: service.typeName,
      methods: service.methods.map(({ name }) => name),
      descriptorHash: createHash("sha256").update(text).digest(),
    };
  });
  const versions: readonly ServedVersion[] = [create(ServedVersionSchema, { version, services: served })];
  return { versions, texts };
}
