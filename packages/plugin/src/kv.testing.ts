import { create, type DescMessage, toBinary } from "@bufbuild/protobuf";
import { fileDesc, type GenMessage, type GenService, messageDesc, serviceDesc } from "@bufbuild/protobuf/codegenv2";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { Message } from "@bufbuild/protobuf";
import { defineContract } from "@tenon/core";

/** A small service for tests, described here so that no generated code is needed: `test.KV` with unary and streaming calls. */

type Pair = Message<"test.Pair"> & { key: string; value: Uint8Array };

const field = (name: string, number: number, type: FieldDescriptorProto_Type) => ({
  name,
  number,
  type,
  label: FieldDescriptorProto_Label.OPTIONAL,
});
const method = (name: string, serverStreaming = false) => ({
  name,
  inputType: ".test.Pair",
  outputType: ".test.Pair",
  serverStreaming,
});

function describe(service: string) {
  const proto = create(FileDescriptorProtoSchema, {
    name: `test/${service}.proto`,
    package: "test",
    syntax: "proto3",
    messageType: [
      {
        name: "Pair",
        field: [field("key", 1, FieldDescriptorProto_Type.STRING), field("value", 2, FieldDescriptorProto_Type.BYTES)],
      },
    ],
    service: [{ name: service, method: [method("Get"), method("Put"), method("Watch", true)] }],
  });
  return fileDesc(Buffer.from(toBinary(FileDescriptorProtoSchema as DescMessage, proto)).toString("base64"));
}

const file = describe("KV");
export const PairSchema: GenMessage<Pair> = messageDesc(file, 0);

type Unary = { methodKind: "unary"; input: typeof PairSchema; output: typeof PairSchema };
type Methods = {
  get: Unary;
  put: Unary;
  watch: { methodKind: "server_streaming"; input: typeof PairSchema; output: typeof PairSchema };
};

export const KV: GenService<Methods> = serviceDesc(file, 0);
export const KV2: GenService<Methods> = serviceDesc(describe("KV2"), 0);

export const cookie = { key: "TEST_PLUGIN", value: "hello there" };

/** One version, one service. */
export const kv = defineContract({ name: "kv", cookie, versions: { 1: { kv: KV } } });

/** Two versions with different services. */
export const kvVersions = defineContract({
  name: "kv",
  cookie,
  versions: { 1: { kv: KV }, 3: { kv: KV, more: KV2 } },
});

async function* once(pair: Pair) {
  yield pair;
}

/** An implementation of `test.KV` that answers with what it gets. */
export const echo = {
  get: (pair: Pair) => pair,
  put: (pair: Pair) => pair,
  watch: (pair: Pair) => once(pair),
};
