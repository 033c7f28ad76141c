import { create, createFileRegistry, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type DescriptorProtoSchema,
  Edition,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
  FieldDescriptorProto_Label as Label,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as Type,
  FieldOptions_JSType,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";

type Field = MessageInitShape<typeof FieldDescriptorProtoSchema>;
type MessageType = MessageInitShape<typeof DescriptorProtoSchema>;
export type Syntax = "proto2" | "proto3" | "editions";

/** Every scalar type of protobuf. */
export const scalars = [
  Type.DOUBLE,
  Type.FLOAT,
  Type.INT64,
  Type.UINT64,
  Type.INT32,
  Type.FIXED64,
  Type.FIXED32,
  Type.BOOL,
  Type.STRING,
  Type.BYTES,
  Type.UINT32,
  Type.SFIXED32,
  Type.SFIXED64,
  Type.SINT32,
  Type.SINT64,
];
const noKeys = [Type.DOUBLE, Type.FLOAT, Type.BYTES];
const longs = [Type.INT64, Type.UINT64, Type.FIXED64, Type.SFIXED64, Type.SINT64];
const one = { label: Label.OPTIONAL };
const many = { label: Label.REPEATED };
const choice = { label: Label.OPTIONAL, oneofIndex: 0 };

/** A message type with every kind of field that the syntax knows, except those that Rare has. */
export function typeOfAll(syntax: Syntax): DescMessage {
  const inner = [".t.All", ".t.Rare", ".google.protobuf.BytesValue", ".google.protobuf.Value"];
  const file = create(FileDescriptorProtoSchema, {
    name: "all.proto",
    package: "t",
    syntax,
    edition: syntax === "editions" ? Edition.EDITION_2023 : Edition.EDITION_UNKNOWN,
    dependency: ["google/protobuf/struct.proto", "google/protobuf/wrappers.proto"],
    enumType: [enumType("E", syntax === "editions"), enumType("F", false)],
    messageType: [
      {
        name: "All",
        field: [
          ...scalars.flatMap((type, i) => scalarFields(type, i, syntax)),
          ...longs.flatMap((type, i) => stringFields(type, i)),
          ...["E", "F"].flatMap((name, i) =>
            valueFields(`e${i}`, 501 + i * 10, { type: Type.ENUM, typeName: `.t.${name}` }),
          ),
          ...inner.flatMap((typeName, i) => valueFields(`m${i}`, 601 + i * 10, { type: Type.MESSAGE, typeName })),
          ...mapTypes().map(({ name }, i) => ({
            name: name!.slice(0, -"Entry".length).toLowerCase(),
            number: 701 + i,
            type: Type.MESSAGE,
            typeName: `.t.All.${name}`,
            ...many,
          })),
        ],
        nestedType: mapTypes(),
        oneofDecl: [
          { name: "choice" },
          ...(syntax === "proto3" ? scalars.map((_, i) => ({ name: `_maybe_${i}` })) : []),
        ],
        extensionRange: syntax === "proto3" ? [] : [{ start: 5000, end: 6000 }],
      },
      rareType(syntax),
    ],
  });
  const known = [file_google_protobuf_struct, file_google_protobuf_wrappers];
  const registry = createFileRegistry(file, (name) => known.find((file) => file.proto.name === name));
  return registry.getMessage("t.All")!;
}

function scalarFields(type: Type, i: number, syntax: Syntax): Field[] {
  const fields: Field[] = [
    { name: `one_${i}`, number: i + 1, type, ...one },
    { name: `many_${i}`, number: i + 101, type, ...many },
    { name: `choice_${i}`, number: i + 400_001, type, ...choice },
  ];
  if (syntax === "proto3") {
    fields.push({ name: `maybe_${i}`, number: i + 201, type, ...one, proto3Optional: true, oneofIndex: i + 1 });
  } else if (syntax === "proto2") {
    const texts: Partial<Record<Type, string>> = { [Type.STRING]: "café", [Type.BYTES]: "\\001x", [Type.BOOL]: "true" };
    fields.push({ name: `default_${i}`, number: i + 201, type, ...one, defaultValue: texts[type] ?? "7" });
    fields.push({ name: `required_${i}`, number: i + 301, type, label: Label.REQUIRED });
  } else {
    const implicit = {
      fieldPresence: FeatureSet_FieldPresence.IMPLICIT,
      ...(type === Type.STRING ? { utf8Validation: FeatureSet_Utf8Validation.NONE } : {}),
    };
    fields.push({ name: `implicit_${i}`, number: i + 201, type, ...one, options: { features: implicit } });
    const expanded = { repeatedFieldEncoding: FeatureSet_RepeatedFieldEncoding.EXPANDED };
    fields.push({ name: `expanded_${i}`, number: i + 301, type, ...many, options: { features: expanded } });
  }
  return fields;
}

function stringFields(type: Type, i: number): Field[] {
  const options = { jstype: FieldOptions_JSType.JS_STRING };
  return [
    { name: `text_${i}`, number: i + 401, type, ...one, options },
    { name: `texts_${i}`, number: i + 411, type, ...many, options },
  ];
}

function valueFields(name: string, number: number, of: { type: Type; typeName: string }): Field[] {
  return [
    { name, number, ...one, ...of },
    { name: `${name}_many`, number: number + 1, ...many, ...of },
    { name: `${name}_choice`, number: number + 2, ...choice, ...of },
  ];
}

function enumType(name: string, isClosed: boolean) {
  const values = [0, 1, 200, -5].map((number) => ({ name: `${name}_${Math.abs(number)}`, number }));
  return isClosed
    ? { name, value: values, options: { features: { enumType: FeatureSet_EnumType.CLOSED } } }
    : { name, value: values };
}

function mapTypes(): MessageType[] {
  const kinds: [name: string, key: Type, value: { type: Type; typeName?: string }][] = [
    ...scalars
      .filter((type) => !noKeys.includes(type))
      .map((key, i): [string, Type, { type: Type }] => [`Key${i}`, key, { type: Type.STRING }]),
    ...scalars.map((type, i): [string, Type, { type: Type }] => [`Value${i}`, Type.STRING, { type }]),
    ["Inner", Type.STRING, { type: Type.MESSAGE, typeName: ".t.All" }],
    ["Rare", Type.BOOL, { type: Type.MESSAGE, typeName: ".t.Rare" }],
    ["Wrapped", Type.INT32, { type: Type.MESSAGE, typeName: ".google.protobuf.Int64Value" }],
    ["Plain", Type.INT32, { type: Type.ENUM, typeName: ".t.E" }],
  ];
  return kinds.map(([name, key, value]) => ({
    name: `${name}Entry`,
    options: { mapEntry: true },
    field: [
      { name: "key", number: 1, type: key, ...one },
      { name: "value", number: 2, ...one, ...value },
    ],
  }));
}

/** A message type with fields that the compiled reader leaves to the library. */
function rareType(syntax: Syntax): MessageType {
  const struct = { type: Type.MESSAGE, typeName: ".google.protobuf.Struct" };
  const group = { type: Type.GROUP, typeName: ".t.Rare.Part" };
  const text = { name: "text", number: 1, type: Type.STRING, ...one };
  return {
    name: "Rare",
    field: [
      text,
      { name: "json", number: 2, ...one, ...struct },
      { name: "jsons", number: 3, ...many, ...struct },
      { name: "all", number: 4, ...one, type: Type.MESSAGE, typeName: ".t.All" },
      ...(syntax === "proto2" ? [{ name: "part", number: 5, ...many, ...group }] : []),
    ],
    nestedType: syntax === "proto2" ? [{ name: "Part", field: [text] }] : [],
  };
}
