import {
  create,
  type DescField,
  type DescMessage,
  type JsonValue,
  type MessageInitShape,
  toJson,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { type ExactJson, type ExactJsonObject, formatExact } from "./json-text.js";
import { isCustom, isFloat, isLong, type MessageForm } from "./message-form.js";

/** A message as an object with members by name. */
type Members = Readonly<Record<string, unknown>>;

/** Writes messages as JSON text. */
export class MessageWriter {
  readonly #options: Parameters<typeof toJson>[2];
  readonly #longAsNumber: boolean;
  readonly #key: "name" | "jsonName";
  readonly #plain = new WeakMap<DescMessage, boolean>();

  constructor(form: MessageForm) {
    this.#longAsNumber = form.integers64 !== "string";
    this.#key = form.fieldNames === "proto" ? "name" : "jsonName";
    this.#options = {
      useProtoFieldName: form.fieldNames === "proto",
      enumAsInteger: form.enums !== "name",
      ...(form.registry && { registry: form.registry }),
    };
  }

  /** The text of a message. Throws what protobuf-es throws for values that do not fit. */
  write<D extends DescMessage>(desc: D, init: MessageInitShape<D>): string {
    const message = create(desc, init);
    const json = toJson(desc, message, this.#options);
    if (this.#isPlain(desc)) return JSON.stringify(json);
    return formatExact(this.#mend(desc, message, json));
  }

  /** Whether a type holds, at any depth, no number that JSON.stringify would change or that protobuf-es puts in quotes. */
  #isPlain(desc: DescMessage): boolean {
    const known = this.#plain.get(desc);
    if (known !== undefined) return known;
    const seen = new Set<DescMessage>();
    const isPlain = (type: DescMessage): boolean => {
      if (seen.has(type)) return true;
      seen.add(type);
      if (isCustom(type)) return !/\.(?:Any|ListValue|Struct|Value)$/.test(type.typeName);
      return type.fields.every(
        ({ scalar, message }) => !isLong(scalar) && !isFloat(scalar) && (message === undefined || isPlain(message)),
      );
    };
    const found = isPlain(desc);
    this.#plain.set(desc, found);
    return found;
  }

  /** Puts right what protobuf-es wrote of a message: long integers without quotes, and the -0 that it takes for unset. */
  #mend(desc: DescMessage, message: Members, json: JsonValue): ExactJson {
    if (isCustom(desc)) return json;
    if (isWrapperDesc(desc)) return this.#mendScalar(desc.fields[0], json);
    const object = json as ExactJsonObject;
    for (const field of desc.fields) {
      const key = field[this.#key];
      const value = valueOf(message, field);
      const written = Object.hasOwn(object, key) ? object[key] : undefined;
      if (written !== undefined) object[key] = this.#mendField(field, value, written);
      else if (field.fieldKind === "scalar" && Object.is(value, -0)) object[key] = -0;
    }
    return object;
  }

  #mendField(field: DescField, value: unknown, json: ExactJson): ExactJson {
    if (field.message === undefined) return this.#mendScalars(field, json);
    const { message } = field;
    const mend = (each: unknown, written: ExactJson) => this.#mend(message, each as Members, written as JsonValue);
    switch (field.fieldKind) {
      case "list":
        return (json as ExactJson[]).map((item, index) => mend((value as unknown[])[index], item));
      case "map":
        for (const [key, item] of Object.entries(json as ExactJsonObject)) {
          (json as ExactJsonObject)[key] = mend((value as Members)[key], item);
        }
        return json;
      default:
        // Where protobuf-es unwraps a wrapper, the member is the scalar itself; nothing of it is looked at.
        return mend(value, json);
    }
  }

  #mendScalars(field: DescField, json: ExactJson): ExactJson {
    if (!this.#longAsNumber || !isLong(field.scalar)) return json;
    if (field.fieldKind === "list") return (json as ExactJson[]).map((item) => this.#mendScalar(field, item));
    if (field.fieldKind !== "map") return this.#mendScalar(field, json);
    for (const [key, item] of Object.entries(json as ExactJsonObject)) {
      (json as ExactJsonObject)[key] = this.#mendScalar(field, item);
    }
    return json;
  }

  #mendScalar(field: DescField, json: ExactJson): ExactJson {
    return this.#longAsNumber && isLong(field.scalar) ? BigInt(json as string) : json;
  }
}

function valueOf(message: Members, field: DescField): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const chosen = message[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}
