import { create, createFileRegistry, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  type DescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  file_google_protobuf_struct,
  file_google_protobuf_wrappers,
} from "@bufbuild/protobuf/wkt";

const text = ".google.protobuf.StringValue";
const number = { label: Label.OPTIONAL, type: Type.INT64 };

const file = create(FileDescriptorProtoSchema, {
  name: "greeter.proto",
  package: "acme.v1",
  syntax: "proto3",
  dependency: ["google/protobuf/wrappers.proto", "google/protobuf/struct.proto"],
  messageType: [
    {
      name: "Sum",
      field: [
        { name: "first_number", number: 1, ...number },
        { name: "second_number", number: 2, ...number },
        { name: "terms", number: 3, ...number, label: Label.REPEATED },
      ],
    },
    { name: "Nothing" },
  ],
  service: [
    {
      name: "Greeter",
      method: [
        { name: "SayHi", inputType: text, outputType: text },
        { name: "Add", inputType: ".acme.v1.Sum", outputType: ".acme.v1.Sum" },
        { name: "Rest", inputType: ".acme.v1.Nothing", outputType: ".acme.v1.Nothing" },
        { name: "Any", inputType: ".google.protobuf.Value", outputType: ".google.protobuf.Value" },
        { name: "Watch", inputType: text, outputType: text, serverStreaming: true },
      ],
    },
    { name: "Other", method: [{ name: "SayHi", inputType: text, outputType: text }] },
  ],
});

/** The registry of a file that was written by hand, with the names that protoc would have put in. */
function registryOf(file: FileDescriptorProto) {
  const nameFields = ({ field, nestedType }: DescriptorProto): void => {
    for (const each of field) each.jsonName = protoCamelCase(each.name);
    nestedType.forEach(nameFields);
  };
  file.messageType.forEach(nameFields);
  const imported = [file_google_protobuf_struct, file_google_protobuf_wrappers];
  return createFileRegistry(file, (name) => imported.find((known) => `${known.name}.proto` === name)?.proto);
}

/** The same type with names for JSON. */
export function withJsonNames(desc: DescMessage): DescMessage {
  return registryOf(desc.file.proto).getMessage(desc.typeName)!;
}

const registry = registryOf(file);

/** `acme.v1.Greeter`: SayHi and Watch (a stream) on StringValue, Add on Sum, Rest on Nothing, Any on Value. */
export const greeter: DescService = registry.getService("acme.v1.Greeter")!;
/** `acme.v1.Other`: SayHi on StringValue. */
export const other: DescService = registry.getService("acme.v1.Other")!;
/** `acme.v1.Sum`: two numbers and a list of numbers, all int64. */
export const sum = registry.getMessage("acme.v1.Sum")!;
