import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type MessageShape,
} from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { type ExactJson, setOwn } from "./json-text.js";
import { isCustom, isLong, type MessageForm } from "./message-form.js";

/** The fields of a type by the names that a peer may write. */
interface FieldNames {
  readonly exact: ReadonlyMap<string, DescField>;
  /** By lower-case name without underscores. */
  readonly folded: ReadonlyMap<string, DescField>;
}

/**
 * Reads messages from JSON, as Go does where Go is more lenient than protobuf: members that the type has not are passed over, and the
 * case of names does not matter, nor do underscores.
 */
export class MessageReader {
  readonly #options: Parameters<typeof fromJson>[2];
  readonly #names = new WeakMap<DescMessage, FieldNames>();

  constructor(form: MessageForm) {
    this.#options = { ignoreUnknownFields: true, ...(form.registry && { registry: form.registry }) };
  }

  /** A message of `json`, which this may change. Null is the empty message. Throws what protobuf-es throws for what does not fit. */
  read<D extends DescMessage>(desc: D, json: ExactJson | undefined): MessageShape<D> {
    if (json === undefined || (json === null && desc.typeName !== "google.protobuf.Value")) return create(desc);
    return fromJson(desc, this.#fit(desc, json) as JsonValue, this.#options);
  }

  /** Gives members the names that protobuf-es knows, and bigints the form that it takes. */
  #fit(desc: DescMessage, json: ExactJson): ExactJson {
    if (isCustom(desc))
      return desc.typeName === "google.protobuf.Any" ? replaceLong(json, String) : replaceLong(json, Number);
    if (isWrapperDesc(desc)) return fitScalar(desc.fields[0], json);
    if (typeof json !== "object" || json === null || Array.isArray(json)) return replaceLong(json, String);
    const names = this.#namesOf(desc);
    for (const [key, value] of Object.entries(json)) {
      const exact = names.exact.get(key);
      const field = exact ?? names.folded.get(fold(key));
      if (exact === undefined) delete json[key];
      if (field === undefined) continue;
      const fitted = this.#fitField(field, value);
      if (exact === undefined) setOwn(json, field.jsonName, fitted);
      else if (fitted !== value) setOwn(json, key, fitted);
    }
    return json;
  }

  #fitField(field: DescField, value: ExactJson): ExactJson {
    const { message } = field;
    const fit = (each: ExactJson) => (message === undefined ? fitScalar(field, each) : this.#fit(message, each));
    if (field.fieldKind === "list") return Array.isArray(value) ? value.map(fit) : value;
    if (field.fieldKind !== "map" || typeof value !== "object" || value === null || Array.isArray(value))
      return fit(value);
    for (const [key, each] of Object.entries(value)) setOwn(value, key, fit(each));
    return value;
  }

  #namesOf(desc: DescMessage): FieldNames {
    let names = this.#names.get(desc);
    if (names === undefined) {
      const exact = new Map(
        desc.fields.flatMap((field) => [[field.jsonName, field] as const, [field.name, field] as const]),
      );
      const folded = new Map(desc.fields.map((field) => [fold(field.jsonName), field]));
      this.#names.set(desc, (names = { exact, folded }));
    }
    return names;
  }
}

function fold(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function fitScalar({ scalar }: DescField, json: ExactJson): ExactJson {
  if (typeof json !== "bigint") return json;
  return isLong(scalar) ? json.toString() : Number(json);
}

function replaceLong(json: ExactJson, by: (value: bigint) => ExactJson): ExactJson {
  if (typeof json === "bigint") return by(json);
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => replaceLong(item, by));
  for (const [key, value] of Object.entries(json)) setOwn(json, key, replaceLong(value, by));
  return json;
}
