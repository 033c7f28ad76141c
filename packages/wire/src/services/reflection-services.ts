import { type DescService, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ServerReflection, type ServerReflectionRequest } from "../gen/grpc/reflection/v1/reflection_pb.js";
import {
  ServerReflection as ServerReflectionAlpha,
  type ServerReflectionRequest as ServerReflectionRequestAlpha,
} from "../gen/grpc/reflection/v1alpha/reflection_pb.js";
import type { Server } from "../server/server.js";
import { FileIndex } from "./file-index.js";

/** An answer as both versions of the service have it. */
type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array<ArrayBuffer>[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string; extensionNumber: number[] } }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/** Adds both versions of the reflection service. They differ in their package only. */
export function addReflectionServices(server: Server): void {
  const reflection = new Reflection(server.served);
  server.add(ServerReflection, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: reflection.answer(request, sent) };
      }
    },
  });
  server.add(ServerReflectionAlpha, {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: reflection.answer(request, sent) };
      }
    },
  });
}

class Reflection {
  readonly #services: readonly DescService[];
  #index: FileIndex | undefined;
  #indexed = 0;

  constructor(services: readonly DescService[]) {
    this.#services = services;
  }

  /** `sent` holds the names of the files that the stream has had, and is added to. */
  answer(request: ServerReflectionRequest | ServerReflectionRequestAlpha, sent: Set<string>): Answer {
    const { messageRequest: asked } = request;
    const index = this.#currentIndex();
    switch (asked.case) {
      case "fileByFilename":
        return files(index, index.fileNamed(asked.value), sent, `file ${asked.value}`);
      case "fileContainingSymbol":
        return files(index, index.fileOfSymbol(asked.value), sent, `symbol ${asked.value}`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = asked.value;
        const file = index.fileOfExtension(containingType, extensionNumber);
        return files(index, file, sent, `extension ${extensionNumber} of ${containingType}`);
      }
      case "allExtensionNumbersOfType": {
        const numbers = index.extensionNumbers(asked.value);
        if (numbers === undefined) return notFound(`message ${asked.value}`);
        return {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: asked.value, extensionNumber: numbers },
        };
      }
      case "listServices": {
        const names = this.#services.map(({ typeName }) => typeName).sort();
        return { case: "listServicesResponse", value: { service: names.map((name) => ({ name })) } };
      }
      case undefined:
        break;
    }
    throw new ConnectError("the reflection request asks for nothing that is known here", Code.InvalidArgument);
  }

  /** Services may have been added since the last request. */
  #currentIndex(): FileIndex {
    if (this.#index === undefined || this.#indexed !== this.#services.length) {
      this.#index = new FileIndex(this.#services);
      this.#indexed = this.#services.length;
    }
    return this.#index;
  }
}

function files(index: FileIndex, file: ReturnType<FileIndex["fileNamed"]>, sent: Set<string>, what: string): Answer {
  if (file === undefined) return notFound(what);
  const needed = index.withImports(file, sent);
  return {
    case: "fileDescriptorResponse",
    value: { fileDescriptorProto: needed.map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)) },
  };
}

function notFound(what: string): Answer {
  return {
    case: "errorResponse",
    value: { errorCode: Code.NotFound, errorMessage: `there is no ${what} among the services of this server` },
  };
}
