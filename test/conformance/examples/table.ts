import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Client, Code, type ConnectError } from "@connectrpc/connect";
import { kv } from "@tenon/example-kv/contract";
import type { KV } from "@tenon/example-kv/proto";
import type { Host, ProcessLaunch, Session, StartOptions } from "@tenon/host";
import { fileURLToPath } from "node:url";
import { negotiated, negotiatedOnce } from "../../fixtures/negotiated.js";
import { streamer } from "../../fixtures/streamer.js";
import { fixture } from "../../support/fixture.js";
import type { GoPluginVersion } from "./go-programs.js";

/** What a program printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** One of go-plugin's examples, from both ends. */
export interface Example {
  readonly name: string;
  readonly versions: readonly GoPluginVersion[];
  /** Its host, as it is, and with the options that it does not have. */
  readonly host: string;
  readonly hostWithOptions: string;
  readonly plugin: string;
  /** Our plugin, and where in its working directory the host looks for one. */
  readonly ours: readonly [string, ...string[]];
  readonly launcher: string;
  /** Goes through what the host can do, and looks at what it prints and at the files of the plugin. */
  readonly useHost: (run: (...args: string[]) => Promise<Printed>, directory: string) => Promise<void>;
  /** Starts its plugin with a host of ours and goes through what it can do. */
  readonly usePlugin: (host: Host, launch: ProcessLaunch, options: StartOptions) => Promise<Session>;
}

const both = ["1.8.0", "1.4.10"] as const;
const text = "Lorem ipsum dolor sit amet";

/** Puts and gets, and returns what came. */
export async function putAndGet(client: Client<typeof KV>): Promise<string> {
  await client.put({ key: "hello", value: Buffer.from("from Tenon") });
  await assert.rejects(client.get({ key: "missing" }), { code: Code.Unknown });
  return Buffer.from((await client.get({ key: "hello" })).value).toString();
}

const grpc: Example = {
  name: "grpc",
  versions: both,
  host: "grpc",
  hostWithOptions: "options-grpc",
  plugin: "grpc-plugin-go-grpc",
  ours: [process.execPath, fileURLToPath(new URL("../../../../examples/kv/dist/plugin.js", import.meta.url))],
  launcher: "kv-plugin",
  useHost: async (run) => {
    assert.equal((await run("put", "hello", "from Go")).stdout, "");
    assert.equal((await run("get", "hello")).stdout, "from Go\n");
  },
  usePlugin: async (host, launch, options) => {
    const session = await host.start(kv, launch, options);
    assert.match(await putAndGet(session.client("kv")), /^from Tenon\s+Written from plugin-go-grpc$/);
    return session;
  },
};

const negotiated3: Example = {
  name: "negotiated",
  versions: both,
  host: "negotiated",
  hostWithOptions: "options-negotiated",
  plugin: "negotiated-plugin-go",
  ours: fixture("negotiated-plugin"),
  launcher: "kv-plugin",
  useHost: async (run) => {
    assert.equal((await run("put", "hello", "from Go")).stdout, "");
    assert.equal((await run("get", "hello")).stdout, "from Go, put by version 3, got by version 3\n");
  },
  usePlugin: async (host, launch, options) => {
    const session = await host.start(negotiated, launch, options);
    assert.equal(session.version, 3);
    assert.match(
      await putAndGet(session.client("kv")),
      /^from Tenon\s+Written from plugin version 3\s+Read by plugin version 3\s+$/,
    );
    return session;
  },
};

const negotiated2: Example = {
  ...negotiated3,
  name: "negotiated, both ends changed to have version 2 on gRPC",
  // There is no host of this kind without options; without them in its environment it is the same.
  host: "version2-negotiated",
  hostWithOptions: "version2-negotiated",
  plugin: "version2-plugin",
  useHost: async (run) => {
    assert.equal((await run("put", "hello", "from Go")).stdout, "");
    assert.equal((await run("get", "hello")).stdout, "from Go, put by version 2, got by version 2\n");
  },
  usePlugin: async (host, launch, options) => {
    const session = await host.start(negotiatedOnce, launch, options);
    assert.equal(session.version, 2);
    assert.match(
      await putAndGet(session.client("kv")),
      /^from Tenon\s+Written from plugin version 2\s+Read by plugin version 2\s+$/,
    );
    return session;
  },
};

const streaming: Example = {
  name: "streaming",
  versions: ["1.8.0"],
  host: "streaming",
  hostWithOptions: "options-streaming",
  plugin: "streaming-plugin",
  ours: fixture("streamer-plugin"),
  launcher: "plugin/streamer",
  useHost: async (run, directory) => {
    const { stderr } = await run("lorem");
    assert.match(stderr, /received 26 bytes/);
    assert.equal(readFileSync(`${directory}/lorem`, "utf8"), text);
  },
  usePlugin: async (host, launch, options) => {
    const session = await host.start(streamer, launch, options);
    const client = session.client("streamer");
    await client.configure({ path: "lorem", chunkSize: 10n });
    // The example's plugin ends this call with OK and without the one answer that it owes, for which grpc-go 1.80 makes its
    // own host fail too. The file is written.
    await assert.rejects(client.write(chunks()), (error: ConnectError) => error.code === Code.Unimplemented);
    const pieces: string[] = [];
    for await (const { readBytes } of client.read({})) pieces.push(Buffer.from(readBytes).toString());
    assert.deepEqual(pieces, ["Lorem ipsu", "m dolor si", "t amet"]);
    return session;
  },
};

async function* chunks() {
  for (let at = 0; at < text.length; at += 10) yield { bytesToWrite: Buffer.from(text.slice(at, at + 10)) };
}

/** Every example over gRPC but "bidirectional", which has a file of its own. */
export const examples: readonly Example[] = [grpc, negotiated3, negotiated2, streaming];
