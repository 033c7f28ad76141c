import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DescMessage } from "@bufbuild/protobuf";
import type { Plugin } from "esbuild";
import { formatShapes, shapesOf } from "./message-shapes.js";

/** The file of protobuf-es that turns what protoc-gen-es embeds into descriptors. */
const file = /[\\/]@bufbuild[\\/]protobuf[\\/]dist[\\/]esm[\\/]codegenv2[\\/]file\.js$/;
const call = "fromBinary(FileDescriptorProtoSchema, base64Decode(b64))";
/** The imports that only the call needs. */
const imports = /^import \{ (?:fromBinary|FileDescriptorProtoSchema) \} from .*$/gm;
const reader = fileURLToPath(new URL("./message-reader.js", import.meta.url));

/**
 * A plugin for esbuild: what is bundled reads the descriptors of .proto files without first making the schemas of descriptors.
 * The descriptors are the same. A version of protobuf-es that does it in another way is left as it is.
 */
export function fastDescriptors(): Plugin {
  return {
    name: "tenon-fast-descriptors",
    setup(build) {
      build.onLoad({ filter: file }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (source.split(call).length !== 2) return undefined;
        const shapes = await readShapes(dirname(path));
        if (shapes === undefined) return undefined;
        const contents = [
          `import { readMessage } from ${JSON.stringify(reader)};`,
          'import { BinaryReader } from "../wire/binary-encoding.js";',
          source.replaceAll(imports, "").replace(call, "readMessage(shapes, new BinaryReader(base64Decode(b64)))"),
          `const shapes = ${shapes};`,
        ];
        return { contents: contents.join("\n"), loader: "js", resolveDir: dirname(path) };
      });
    },
  };
}

async function readShapes(folder: string): Promise<string | undefined> {
  const load = (path: string) => import(pathToFileURL(join(folder, path)).href) as Promise<Record<string, unknown>>;
  const [{ FileDescriptorProtoSchema }, { create }] = await Promise.all([
    load("../wkt/google/protobuf/descriptor_pb.js"),
    load("../create.js"),
  ]);
  try {
    return formatShapes(shapesOf(FileDescriptorProtoSchema as DescMessage, create as (schema: DescMessage) => object));
  } catch {
    return undefined;
  }
}
