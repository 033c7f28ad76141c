import assert from "node:assert/strict";
import { cpSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { defineContract } from "@tenon/core";
import { createHost } from "@tenon/host";
import { callInfo, implement } from "@tenon/plugin";
import { Echo, Ghost } from "../../gen/tenon/test/v1/echo_pb.js";
import { pluginFolder, preamble, textOf } from "./plugin-folder.js";

const contract = defineContract({
  name: "echo",
  cookie: { key: "ECHO_PLUGIN", value: "tenon-test" },
  versions: { 1: { echo: Echo } },
  hostServices: { ghost: Ghost },
});

const plugin = `${preamble.replace("Echo }", "Echo, Ghost }").replace("versions:", "hostServices: { ghost: Ghost }, versions:")}
import { hostServices } from "@tenon/plugin";
import * as wire from "@tenon/wire";
globalThis.inlineWire = wire.createServer;
export default make({ unary: async (request, context) => hostServices(contract, context).ghost.call(request) });`;

const packages = fileURLToPath(new URL("../../../../packages", import.meta.url));

/** Copies Tenon's packages, as a plugin has them that was installed by itself with another version of them. */
function ownCopies(folder: string): void {
  for (const name of ["core", "wire", "plugin"]) {
    const from = join(packages, name);
    const to = join(folder, "node_modules/@tenon", name);
    cpSync(join(from, "package.json"), join(to, "package.json"));
    cpSync(join(from, "dist"), join(to, "dist"), {
      recursive: true,
      filter: (path) => !/\.(?:map|d\.ts)$|\.test\./.test(path),
    });
  }
  for (const name of ["@bufbuild", "@connectrpc"]) {
    symlinkSync(join(dirname(packages), "node_modules", name), join(folder, "node_modules", name));
  }
}

for (const has of ["the host's copies", "copies of its own"]) {
  test(`a plugin with ${has} of Tenon's packages calls its host's services [INL-20]`, async (t) => {
    const { folder } = pluginFolder(t, { "plugin.js": plugin });
    if (has === "copies of its own") ownCopies(folder);
    await using host = createHost();
    const ghost = {
      call({ chunks }: { chunks: Uint8Array[] }) {
        if (chunks.length === 0) throw new ConnectError("say something", Code.InvalidArgument);
        return { chunks: [Buffer.from("boo "), ...chunks] };
      },
    };
    const session = await host.start(contract, { inline: "./plugin.js", cwd: folder }, { hostServices: { ghost } });
    const client = session.client("echo");
    assert.equal(textOf(await client.unary({ chunks: [Buffer.from("who")] })), "boo who");
    await assert.rejects(client.unary({}), { code: Code.InvalidArgument, rawMessage: "say something" });
    const { createServer } = await import("@tenon/wire");
    const theirs = (globalThis as { inlineWire?: unknown }).inlineWire;
    assert.equal(theirs === createServer, has === "the host's copies");
    await session.stop();

    const refused = await host.start(contract, { inline: "./plugin.js", cwd: folder });
    await assert.rejects(refused.client("echo").unary({}), { code: Code.PermissionDenied });
  });
}

test("a handler knows who calls it, and within which call [INL-20]", async () => {
  const calls: unknown[] = [];
  const plugin = implement(contract, {
    echo: {
      unary(_, context) {
        const { caller, id, depth, traceparent } = callInfo(context);
        calls.push([caller, id, depth, traceparent]);
        return {};
      },
      async *serverStream() {},
      clientStream: async () => ({}),
      async *bidi() {},
    },
  });
  await using host = createHost({ name: "the lighthouse" });
  const session = await host.start(contract, { inline: plugin });
  const headers = { "tenon-call-id": "7", traceparent: "00-1-2-01" };
  await session.client("echo").unary({}, { headers });
  assert.deepEqual(calls, [["the lighthouse", "7", 1, "00-1-2-01"]]);
});
