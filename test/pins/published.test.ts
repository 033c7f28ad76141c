import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

// The packages as npm would publish them, installed beside the dependencies of a plugin's author, whose code has copies of its own of what
// the bundles hold.

const root = fileURLToPath(new URL("../../../", import.meta.url));
const names = ["core", "wire", "plugin", "host"];
let app: string;
let installed: string;

/** Runs a program of Node in the application's folder and gives what it printed. */
function runNode(...args: string[]): string {
  return execFileSync(process.execPath, args, { cwd: app, encoding: "utf8" });
}

const files = {
  "package.json": '{ "type": "module" }',
  "contract.js": `
import { defineContract } from "@tenon/core";
import { KV } from "./gen/kv_pb.js";
export const contract = defineContract({
  name: "kv", cookie: { key: "PUBLISHED", value: "yes" }, versions: { 1: { kv: KV } }, hostServices: { kv: KV },
});`,
  "plugin.js": `
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import { brokerKey, callInfo, hostServices, implement, runPlugin } from "@tenon/plugin";
import * as wire from "@tenon/wire/broker";
import { contract } from "./contract.js";
import { GetRequestSchema } from "./gen/kv_pb.js";

const seen = createContextKey("nothing");
const mark = (next) => (request) => {
  request.contextValues.set(seen, "the interceptor");
  return next(request);
};
const text = (value) => ({ value: new TextEncoder().encode(value) });
const plugin = implement(contract, {
  kv: {
    async get({ key }, context) {
      const { values } = context;
      if (key === "values") return text(values.get(seen));
      if (key === "caller") return text(String(callInfo(context).caller));
      if (key === "broker") return text(String(values.get(brokerKey) === values.get(wire.brokerKey) && typeof values.get(brokerKey).nextId()));
      if (key === "host") return hostServices(contract, context).kv.get({ key: "from the plugin" });
      throw new ConnectError("no value", Code.NotFound, { "x-where": "here" }, [{ desc: GetRequestSchema, value: { key } }]);
    },
    put: () => ({}),
  },
});
export default plugin;
await runPlugin(plugin, import.meta, { server: { interceptors: [mark] } });`,
  "host.js": `
import { Code, ConnectError } from "@connectrpc/connect";
import { isTenonError, TenonError } from "@tenon/core";
import { createHost } from "@tenon/host";
import { contract } from "./contract.js";
import { GetRequestSchema } from "./gen/kv_pb.js";

const launch = JSON.parse(process.argv[2]);
const host = createHost();
const hostServices = { kv: { get: ({ key }) => ({ value: new TextEncoder().encode("host got " + key) }), put: () => ({}) } };
const session = await host.start(contract, launch, { hostServices });
const client = session.client("kv");
const answers = {};
for (const key of ["values", "caller", "broker", "host"]) answers[key] = new TextDecoder().decode((await client.get({ key })).value);
try {
  await client.get({ key: "missing" });
} catch (error) {
  answers.error = [error instanceof ConnectError, error.code === Code.NotFound, error.rawMessage, error.metadata.get("x-where")];
  answers.details = error.findDetails(GetRequestSchema).map(({ $typeName, key }) => [$typeName, key]);
}
try {
  await host.start(contract, { process: ["/no/such/program"] });
} catch (error) {
  answers.fault = [isTenonError(error, "executable-not-found"), error instanceof TenonError];
}
await host.stop();
console.log(JSON.stringify(answers));`,
};

before(() => {
  app = mkdtempSync(join(tmpdir(), "tenon-published-"));
  installed = join(app, "node_modules/@tenon");
  const staged = join(app, "staged");
  runNode(join(root, "tools/bundle.js"), staged);
  const pack = ["pack", ...names.map((name) => `./${name}`), "--ignore-scripts", "--json", "--loglevel=error"];
  const packed = JSON.parse(execFileSync("npm", pack, { cwd: staged, encoding: "utf8" })) as { filename: string }[];
  for (const [index, { filename }] of packed.entries()) {
    const folder = join(installed, names[index]!);
    mkdirSync(folder, { recursive: true });
    execFileSync("tar", ["-xzf", join(staged, filename), "--strip-components=1", "-C", folder]);
  }
  for (const name of ["@bufbuild", "@connectrpc", "esbuild"]) {
    symlinkSync(join(root, "node_modules", name), join(app, "node_modules", name));
  }
  const generated = createRequire(import.meta.url).resolve("@tenon/example-kv/contract");
  cpSync(join(dirname(generated), "gen"), join(app, "gen"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(app, name), text);
});

after(() => rmSync(app, { recursive: true, force: true }));

const expected = {
  values: "the interceptor",
  caller: "host",
  broker: "number",
  host: "host got from the plugin",
  error: [true, true, "no value", "here"],
  details: [["proto.GetRequest", "missing"]],
  fault: [true, true],
};

const timeout = 60_000;

for (const name of ["plugin", "host"]) {
  test(`import "@tenon/${name}" reads one file`, () => {
    const manifest = JSON.parse(readFileSync(join(installed, name, "package.json"), "utf8")) as {
      exports: { ".": { default: string } };
    };
    const source = readFileSync(join(installed, name, manifest.exports["."].default), "utf8");
    const imports = [...source.matchAll(/\bimport(?:[^("']*from)?"([^"]+)"/g)].map(([, from]) => from!);
    assert.ok(imports.length > 0);
    assert.deepEqual(
      imports.filter((from) => !from.startsWith("node:")),
      [],
    );
  });
}

for (const launch of [
  { process: ["node", "plugin.js"] },
  { stdio: ["node", "plugin.js"] },
  { worker: "./plugin.js" },
]) {
  test(`what is published works beside other copies of what it holds: ${JSON.stringify(launch)}`, { timeout }, () => {
    assert.deepEqual(JSON.parse(runNode("host.js", JSON.stringify(launch))), expected);
  });
}

test("what is published and bundled by a plugin's author works too", { timeout }, () => {
  const bundled = runNode(join(installed, "plugin/dist/bundle/main.js"), "plugin.js", "--out-dir", "bundle").trim();
  for (const launch of [{ process: ["node", bundled] }, { worker: bundled }]) {
    assert.deepEqual(JSON.parse(runNode("host.js", JSON.stringify(launch))), expected);
  }
});
