import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { defineContract } from "@tenon/core";
import { createHost } from "@tenon/host";
import { versioned } from "../fixtures/contracts.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const plain = { autoMtls: false };

test("versioned host, legacy plugin: its one version is taken where the host has it [VER-03] [HS-02]", async () => {
  await using host = createHost();
  const session = await host.start(versioned, { process: fixture("legacy-plugin") }, plain);
  assert.equal(session.version, 2);
  await session.client("echo").unary({ chunks: [Buffer.from("x")] });
  assert.equal((await session.stop()).how, "shutdown");
  const { 2: _, ...others } = versioned.versions;
  const without = defineContract({ name: "versioned", cookie: versioned.cookie, versions: others });
  const refused = host.start(without, { process: fixture("legacy-plugin") }, plain);
  await assert.rejects(refused, { code: "version-mismatch" });
  await sandbox.assertClean();
});

test("legacy host, versioned plugin: it is served the lowest version [VER-02] [ENV-09]", async (t) => {
  const [file, ...args] = fixture("versions-plugin", "3", "2");
  const { PATH, TMPDIR } = process.env;
  const { key, value } = versioned.cookie;
  const child = spawn(file, args, { env: { PATH, TMPDIR, [key]: value }, stdio: ["pipe", "pipe", "inherit"] });
  t.after(async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  assert.match(line, /^1\|2\|unix\|[^|]+\|grpc\|$/);
});
