import { create, type DescMessage } from "@bufbuild/protobuf";

/** A message whose fields are set by name. */
export type Fields = Record<string, unknown>;

/**
 * Compiles what makes empty messages of a type, each like the one that protobuf-es's create makes: prototype, properties
 * and their order are taken from one of those.
 */
export function messageFactory(desc: DescMessage): () => Fields {
  const model = create(desc) as unknown as Readonly<Fields>;
  const { typeName } = desc;
  const prototype = Object.getPrototypeOf(model) as object;
  const names = Object.keys(model).filter((name) => name !== "$typeName");
  const values = names.map((name) => model[name]);
  const kinds = values.map(kindOf);
  const isPlain = prototype === Object.prototype;
  return () => {
    let message: Fields;
    if (isPlain) message = { $typeName: typeName };
    else {
      message = Object.create(prototype) as Fields;
      message.$typeName = typeName;
    }
    for (let i = 0; i < names.length; i++) {
      const kind = kinds[i]!;
      message[names[i]!] =
        kind === "value" ? values[i] : kind === "list" ? [] : kind === "map" ? {} : { case: undefined };
    }
    return message;
  };
}

/** What an empty message holds: a value that all of them may share, or an object of its own. */
function kindOf(value: unknown): "value" | "list" | "map" | "oneof" {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return "value";
  if (Array.isArray(value)) return "list";
  return "case" in value ? "oneof" : "map";
}
