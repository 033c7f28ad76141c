import { create, createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createClient } from "../client/create-client.js";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
} from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.js";

/** Options of {@link listServices}. */
export interface ListServicesOptions {
  readonly signal?: AbortSignal;
  /** Deadline of each question in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
}

/**
 * Asks a server for its services, by `grpc.reflection.v1` or, where it has only that, `v1alpha`. Rejects with a ConnectError:
 * Code.Unimplemented where it has neither. A service whose description cannot be had or read comes as its name alone.
 */
export async function listServices(
  transport: Transport,
  options: ListServicesOptions = {},
): Promise<(DescService | string)[]> {
  const { timeoutMs = 5000, signal } = options;
  const callOptions = { timeoutMs, ...(signal && { signal }) };
  const request = (messageRequest: ServerReflectionRequest["messageRequest"]) =>
    create(ServerReflectionRequestSchema, { messageRequest });
  async function* once<T>(item: T) {
    yield item;
  }
  const v1 = createClient(ServerReflection, transport);
  const alpha = createClient(ServerReflectionAlpha, transport);
  let isAlpha = false;
  const ask = async (messageRequest: ServerReflectionRequest["messageRequest"]) => {
    const requests = once(request(messageRequest));
    const answers = isAlpha
      ? // Its messages differ from those of v1 in their package alone.
        alpha.serverReflectionInfo(requests as never, callOptions)
      : v1.serverReflectionInfo(requests, callOptions);
    for await (const { messageResponse } of answers) return messageResponse;
    throw new ConnectError("the server ended the call without an answer", Code.Internal);
  };

  const list = await ask({ case: "listServices", value: "*" }).catch((error: unknown) => {
    if (ConnectError.from(error).code !== Code.Unimplemented) throw error;
    isAlpha = true;
    return ask({ case: "listServices", value: "*" });
  });
  if (list.case !== "listServicesResponse")
    throw new ConnectError("the server does not list its services", Code.Internal);
  const files = new Map<string, FileDescriptorProto>();
  const load = async (messageRequest: ServerReflectionRequest["messageRequest"]): Promise<void> => {
    const answer = await ask(messageRequest);
    if (answer.case !== "fileDescriptorResponse") throw new ConnectError("the server does not know it", Code.NotFound);
    for (const bytes of answer.value.fileDescriptorProto) {
      const file = fromBinary(FileDescriptorProtoSchema, bytes);
      files.set(file.name, file);
    }
  };
  const services: (DescService | string)[] = [];
  for (const { name } of list.value.service) {
    try {
      await load({ case: "fileContainingSymbol", value: name });
      for (const file of files.values()) {
        // Added to the map while it is walked through, so that what they import is looked at too.
        for (const imported of file.dependency) {
          if (!files.has(imported)) await load({ case: "fileByFilename", value: imported });
        }
      }
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
      services.push(registry.getService(name) ?? name);
    } catch {
      services.push(name);
    }
  }
  return services;
}

/** Each file behind those that it imports. */
function inOrder(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const ordered = new Set<FileDescriptorProto>();
  const visiting = new Set<string>();
  const visit = (name: string): void => {
    const file = files.get(name);
    if (file === undefined || visiting.has(name)) return;
    visiting.add(name);
    for (const imported of file.dependency) visit(imported);
    ordered.add(file);
  };
  for (const name of files.keys()) visit(name);
  return [...ordered];
}
