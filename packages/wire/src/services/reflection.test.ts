import assert from "node:assert/strict";
import { test } from "node:test";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { Health } from "@tenon/core";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel } from "../client/channel.js";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { createServer, type Server } from "../server/server.js";
import { createHealth } from "./health.js";
import { library } from "./library.testing.js";
import { addReflection } from "./reflection.js";

/** What can be asked, as both versions have it. */
type Asked =
  | { case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType" | "listServices"; value: string }
  | { case: "fileContainingExtension"; value: { containingType: string; extensionNumber: number } }
  | { case: undefined };

function open(server: Server) {
  const [near, far] = createDuplexPair();
  server.accept(far);
  return createChannel(near);
}

/** Asks on one stream of each version in turn, and checks that they say the same. */
async function ask(server: Server, ...asked: Asked[]) {
  const channel = open(server);
  async function* requests() {
    for (const messageRequest of asked) yield { host: "here", messageRequest };
  }
  const answers = [];
  for await (const answer of createClient(ServerReflection, channel.transport).serverReflectionInfo(requests())) {
    assert.equal(answer.validHost, "here");
    assert.equal(answer.originalRequest?.messageRequest.case, asked[answers.length]!.case);
    answers.push(answer.messageResponse);
  }
  let i = 0;
  for await (const answer of createClient(ServerReflectionAlpha, channel.transport).serverReflectionInfo(requests())) {
    assert.equal(answer.messageResponse.case, answers[i++]!.case);
  }
  assert.equal(i, answers.length);
  await channel.close();
  return answers;
}

const list = { case: "listServices", value: "" } as const;
const names = (answer: Awaited<ReturnType<typeof ask>>[number] | undefined) =>
  answer?.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : undefined;

test("lists the services, those added later too [WIRE-22]", async () => {
  const server = createServer();
  addReflection(server);
  server.add(library, {});
  const own = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
  assert.deepEqual(names((await ask(server, list))[0]), [...own, "lib.Library"]);
  const health = createHealth();
  server.add(health.service, health.implementation);
  assert.deepEqual(names((await ask(server, list))[0]), ["grpc.health.v1.Health", ...own, "lib.Library"]);
  await server.close();
});

test("sends descriptors from which a client can call, each file once [WIRE-22]", async () => {
  const server = createServer().add(library, {});
  addReflection(server);
  const answers = await ask(
    server,
    { case: "fileContainingSymbol", value: "lib.Library.Find" },
    { case: "fileByFilename", value: "lib/kind.proto" },
    { case: "fileContainingExtension", value: { containingType: "lib.Item", extensionNumber: 110 } },
    { case: "allExtensionNumbersOfType", value: "lib.Item" },
  );
  const files = answers.map((answer) =>
    answer.case === "fileDescriptorResponse"
      ? answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
      : [],
  );
  assert.deepEqual(
    files.map((each) => each.map(({ name }) => name)),
    [["lib/api.proto", "lib/item.proto", "lib/kind.proto"], ["lib/kind.proto"], ["lib/api.proto"], []],
  );
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files[0]!.toReversed() }));
  assert.equal(registry.getService("lib.Library")?.methods[0]?.input.fields[0]?.name, "kind");
  const numbers = answers[3]!;
  assert.deepEqual(numbers.case === "allExtensionNumbersResponse" && numbers.value.extensionNumber, [110, 120]);
  await server.close();
});

test("answers NOT_FOUND for what is not there, and goes on; an empty request ends the stream [WIRE-22]", async () => {
  const server = createServer().add(library, {});
  addReflection(server);
  const answers = await ask(
    server,
    { case: "fileContainingSymbol", value: "lib.Nothing" },
    { case: "fileByFilename", value: "nothing.proto" },
    { case: "fileContainingExtension", value: { containingType: "lib.Item", extensionNumber: 111 } },
    { case: "allExtensionNumbersOfType", value: "lib.Nothing" },
    list,
  );
  assert.deepEqual(
    answers.map((answer) => (answer.case === "errorResponse" ? answer.value.errorCode : answer.case)),
    [5, 5, 5, 5, "listServicesResponse"],
  );
  await assert.rejects(
    ask(server, { case: undefined }),
    (error) => ConnectError.from(error).code === Code.InvalidArgument,
  );
  await server.close();
});

test("can be added once", () => {
  const server = createServer();
  addReflection(server);
  assert.throws(() => addReflection(server), /served already/);
});

test("a service that is loaded lazily keeps the calls that wait, and a failure fails them [WIRE-13]", async () => {
  const server = createServer();
  let loads = 0;
  let go: (error?: Error) => void = () => {};
  server.addLazily([Health.typeName], async () => {
    loads++;
    await new Promise<void>((resolve, reject) => {
      go = (error) => (error === undefined ? resolve() : reject(error));
    });
    const health = createHealth({ late: "serving" });
    server.add(health.service, health.implementation);
  });
  assert.throws(() => server.addLazily([Health.typeName], async () => {}), /served already/);
  const channel = open(server);
  const client = createClient(Health, channel.transport);
  const check = () => client.check({ service: "late" });
  const failed = [check(), check()];
  await channel.ping();
  go(new Error("no such module"));
  for (const each of failed) {
    await assert.rejects(
      each,
      (error) => ConnectError.from(error).code === Code.Internal && /no such module/.test(String(error)),
    );
  }
  const abort = new AbortController();
  const waiting = [check(), check()];
  const gone = client.check({ service: "late" }, { signal: abort.signal });
  await channel.ping();
  abort.abort();
  await assert.rejects(gone, (error) => ConnectError.from(error).code === Code.Canceled);
  await channel.ping();
  go();
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    [1, 1],
  );
  assert.equal(loads, 2);
  assert.equal((await check()).status, 1);

  server.addLazily(["a.Broken"], async () => {});
  await channel.close();
  await server.close();
});
