import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { buildGo } from "@tenon/example-kv/go";
import { createHost, type Session } from "@tenon/host";
import { admitAnyone } from "@tenon/host/bind";
import { eventually } from "@tenon/testkit";
import { Specimen } from "@tenon/testkit/specimen";
import { specimen } from "../fixtures/specimen.js";
import { useSandbox } from "../support/sandbox.js";

const { directory } = useSandbox();
const tenonBind = fileURLToPath(new URL("../../../packages/plugin/dist/bind/cli/main.js", import.meta.url));

/** Built before the tests are listed, so that they can be skipped with the reason. */
const built = await buildGo({
  // Seen from test/dist/bind.
  module: fileURLToPath(new URL("../../launchers/go", import.meta.url)),
  packages: ["./specimen-plugin"],
});

const descriptor = join(directory, "specimen.binpb");
writeFileSync(descriptor, toBinary(FileDescriptorProtoSchema, Specimen.file.proto));

/** Longer than any pause between two bytes that could pass for the end of the calls. */
const callMs = 1500;

describe("an unchanged Go plugin behind tenon-bind", { skip: built.missing ?? false }, () => {
  for (const flags of [[], ["--no-multiplex"]]) {
    for (const how of ["SIGTERM", "a drain of the host"]) {
      test(`answers its last call, however quiet, after ${how} ${flags.join()} [BIND-30] [BPL-25]`, async (t) => {
        const host = createHost();
        t.after(() => host.stop());
        const listener = await host.listen({ admit: admitAnyone(), contracts: [specimen], log: () => {} });
        const { key, value } = specimen.cookie;
        const own = ["--to", listener.address, `--cookie=${key}=${value}`, `--service=${Specimen.typeName}`, ...flags];
        const command = [join(built.folder ?? "", "specimen-plugin"), descriptor];
        const child = spawn(process.execPath, [tenonBind, ...own, "--", ...command], { stdio: "ignore" });
        t.after(() => child.kill("SIGKILL"));
        const find = () => listener.session("specimen-plugin") as Session<typeof specimen.versions> | undefined;
        const session = await eventually(find, { timeoutMs: 20_000, what: "the session" });
        const client = session.client("specimen");
        await client.unary({});
        assert.equal(session.inFlight, 0);

        const call = client.unary({ number: 7n, delayMs: callMs });
        await eventually(() => session.inFlight === 1);
        const exited = once(child, "exit");
        if (how === "SIGTERM") child.kill("SIGTERM");
        else void listener.drain(session.id);
        await eventually(() => listener.plugins()[0]?.state === "draining");
        assert.equal(listener.session("specimen-plugin"), undefined);
        await assert.rejects(client.unary({}), (error) => ConnectError.from(error).code === Code.Unavailable);
        assert.equal((await call).number, 7n);
        assert.deepEqual(await exited, [0, null]);
        await eventually(() => listener.plugins().length === 0);
      });
    }
  }
});
