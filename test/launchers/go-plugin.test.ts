import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { fileURLToPath } from "node:url";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { buildGo } from "@tenon/example-kv/go";
import { launcherCompliance, type LauncherRig } from "@tenon/testkit";
import { Specimen } from "@tenon/testkit/specimen";
import { useSandbox } from "../support/sandbox.js";
import { hostRig } from "./host-rig.js";

const { directory } = useSandbox();

/** Built before the tests are listed, so that they can be skipped with the reason. */
const built = await buildGo({
  // Seen from test/dist/launchers.
  module: fileURLToPath(new URL("../../launchers/go", import.meta.url)),
  packages: ["./specimen-plugin"],
});

const descriptor = join(directory, "specimen.binpb");
writeFileSync(descriptor, toBinary(FileDescriptorProtoSchema, Specimen.file.proto));

const lacks: NonNullable<LauncherRig["lacks"]> = {
  drain: "the Shutdown of go-plugin ends the calls in flight",
  exceptions: "Go has none; a panic ends the process",
  heap: "Go has no limit for its heap that ends a process",
  buffers: "Go has no memory outside its heap",
};

describe("a plugin in Go, on go-plugin [LAU-07]", { skip: built.missing ?? false }, () => {
  const launch = () => {
    assert.ok(built.folder !== undefined);
    return { process: [join(built.folder, "specimen-plugin"), descriptor] as const };
  };
  launcherCompliance(hostRig(launch, lacks, { autoMtls: false }));
});
