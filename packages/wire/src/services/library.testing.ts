import { create, createFileRegistry, type DescService } from "@bufbuild/protobuf";
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A field of type int32, or of a message or enum given by name; an extension where it extends something. */
function field(name: string, number: number, typeName = "", extendee = ""): FieldDescriptorProto {
  const { INT32, MESSAGE, ENUM } = FieldDescriptorProto_Type;
  return create(FieldDescriptorProtoSchema, {
    name,
    number,
    label: FieldDescriptorProto_Label.OPTIONAL,
    type: typeName === "" ? INT32 : typeName.endsWith("Kind") ? ENUM : MESSAGE,
    ...(typeName !== "" && { typeName }),
    ...(extendee !== "" && { extendee }),
  });
}

/** Three files in a chain of imports, in proto2 for its extensions: the service in lib/api.proto, the rest below it. */
const files = create(FileDescriptorSetSchema, {
  file: [
    {
      name: "lib/kind.proto",
      package: "lib",
      enumType: [{ name: "Kind", value: [{ name: "KIND_BOOK", number: 1 }] }],
    },
    {
      name: "lib/item.proto",
      package: "lib",
      dependency: ["lib/kind.proto"],
      messageType: [
        {
          name: "Item",
          field: [field("kind", 1, ".lib.Kind")],
          extensionRange: [{ start: 100, end: 200 }],
          nestedType: [{ name: "Part", field: [field("pages", 1)] }],
          enumType: [{ name: "Size", value: [{ name: "SMALL", number: 0 }] }],
        },
      ],
    },
    {
      name: "lib/api.proto",
      package: "lib",
      dependency: ["lib/item.proto"],
      extension: [field("weight", 120, "", ".lib.Item"), field("height", 110, "", ".lib.Item")],
      service: [{ name: "Library", method: [{ name: "Find", inputType: ".lib.Item", outputType: ".lib.Item" }] }],
    },
  ],
});

/** `lib.Library`. */
export const library: DescService = createFileRegistry(files).getService("lib.Library")!;
