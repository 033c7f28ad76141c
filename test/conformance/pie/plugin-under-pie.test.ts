import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "@tenon/testkit";
import { piePrograms } from "./programs.js";

const at = (name: string): string => fileURLToPath(new URL(`plugins/${name}.js`, import.meta.url));

/** A folder first in PATH in which `name` is our plugin: pie's examples look for theirs there. */
function disguise(t: TestContext, name: string, plugin: string, ...args: string[]): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), "tenon-pie-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${at(plugin)}" ${args.join(" ")}\n`);
  chmodSync(file, 0o755);
  return { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
}

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000, env });
  return { status, stdout, stderr, all: `${stdout}\n${stderr}` };
}

const { missing, ...programs } = await piePrograms();

describe("our plugin under a host on natefinch/pie", { skip: missing ?? false }, () => {
  test("its own example calls our provider, unchanged [PIE-21, PIE-16]", (t) => {
    const { status, all } = run(programs.exampleProviderHost!, [], disguise(t, "plugin_provider", "example-provider"));
    assert.equal(status, 0, all);
    assert.match(all, /Response from plugin: "Hi master"[^]*Response from plugin2: "Bye master"/);
  });

  test("its own example serves our consumer, but for the codec [PIE-22, PIE-28]", (t) => {
    const env = disguise(t, "plugin_consumer", "consumer", "plugin");
    const { status, all } = run(programs.exampleConsumerHost!, [], env);
    assert.equal(status, 0, all);
    assert.match(all, /got call for SayHi with name "plugin"/);
    assert.match(all, /reply: Hi plugin/);
    assert.match(all, /unknown: .*can't find service Plugin2\.SayBye/);
  });

  test("a demanding host finds our provider to be as Go's [PIE-08, PIE-09, PIE-14, PIE-16, PIE-17, PIE-26, PIE-27]", () => {
    const { status, stdout, stderr } = run(programs.host!, [process.execPath, at("peer-provider")]);
    assert.deepEqual([status, stdout], [0, "done\n"], stderr);
    assert.match(stderr, /printed by the plugin"[^]*printed by the plugin, too\n[^]*printed by the plugin, at last\n/);
    assert.match(stderr, /tenon\.test\.v1\.Peer\/Watch cannot be called/);
  });

  test("a demanding host finds nothing in ours that Go's own plugin has not, but for our codes", () => {
    const { status, stdout, stderr } = run(programs.host!, [programs.plugin!], {
      ...process.env,
      PIE_PLAIN: "yes",
    });
    assert.deepEqual([status, stdout], [0, "done\n"], stderr);
  });

  test("our consumer's errors, end and exit code are those of Go's [PIE-13, PIE-28]", () => {
    const { status, stdout, stderr } = run(programs.host!, [
      "consumer",
      process.execPath,
      at("consumer"),
      "Ann",
      "nobody",
      "print",
    ]);
    assert.deepEqual([status, stdout], [0, "served: Ann\nserved: nobody\nserved: print\ndone\n"], stderr);
    assert.match(stderr, /reply: Hi Ann[^]*error: \[not_found\] no such name[^]*printed by the consumer\n/);
    const go = run(programs.host!, ["consumer", programs.plugin!, "Ann", "nobody", "print"]);
    assert.deepEqual([go.status, go.stdout], [status, stdout], go.stderr);
  });
});

/** Starts a plugin with pipes of ours. */
function start(t: TestContext, plugin: string, ...args: string[]): ChildProcess & { text(): string; errors(): string } {
  const child = spawn(process.execPath, [at(plugin), ...args], { stdio: "pipe" });
  t.after(() => child.kill("SIGKILL"));
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => {});
  return Object.assign(child, { text: () => stdout, errors: () => stderr });
}

describe("the process of our plugin", () => {
  test("a provider ends at the end of its input, with what it has answered [PIE-27]", async (t) => {
    const child = start(t, "peer-provider");
    child.stdin!.end(
      '{"method":"Peer.Sleep","params":[100],"id":"a"}{"method":"Peer.Fail","params":["no luck"],"id":"b"}',
    );
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, child.errors());
    assert.equal(child.text(), '{"id":"b","result":null,"error":"no luck"}\n{"id":"a","result":100,"error":null}\n');
  });

  test("a provider does not wait for ever [PIE-27]", async (t) => {
    const child = start(t, "peer-provider");
    child.stdin!.end('{"method":"Peer.Unspeakable","params":[{}],"id":1}');
    const [code] = (await once(child, "close")) as [number];
    assert.deepEqual([code, child.text()], [0, ""], child.errors());
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`${signal} ends a provider behind what is in flight [PIE-27]`, async (t) => {
      const child = start(t, "peer-provider");
      child.stdin!.write('{"method":"Peer.Nothing","params":[{}],"id":0}{"method":"Peer.Sleep","params":[200],"id":1}');
      await once(child.stdout!, "data");
      child.kill(signal);
      const [code] = (await once(child, "close")) as [number];
      assert.equal(code, 0, child.errors());
      assert.equal(child.text(), '{"id":0,"result":{},"error":null}\n{"id":1,"result":200,"error":null}\n');
    });
  }

  test("a provider that is sent no JSON ends with a record of that [PIE-02]", async (t) => {
    const child = start(t, "peer-provider");
    child.stdin!.write("GET / HTTP/1.1\r\n");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1);
    assert.match(child.errors(), /json-rpc-malformed/);
    assert.equal(child.text(), "");
  });

  test("a consumer ends with its host [PIE-28]", async (t) => {
    const child = start(t, "consumer", "stay");
    await eventually(() => child.errors().includes("staying"));
    child.stdin!.end();
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, child.errors());
  });

  test("a consumer whose work fails says so and exits with 1 [PIE-28]", async (t) => {
    const child = start(t, "consumer", "fail");
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1);
    assert.match(child.errors(), /the work has failed/);
  });

  test("whoever starts a plugin by hand is told what it is", () => {
    for (const plugin of ["peer-provider", "consumer"]) {
      const { status, stderr } = spawnSync(process.execPath, [at(plugin)], {
        stdio: ["ignore", "pipe", "pipe"],
        encoding: "utf8",
      });
      assert.equal(status, 1);
      assert.match(
        stderr,
        /^This program is the plugin ".*", which speaks JSON-RPC .* its standard input is no pipe\./,
      );
    }
  });
});
