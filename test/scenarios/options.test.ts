import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { handshakeVariables } from "@tenon/core";
import { createHost, type LogRecord } from "@tenon/host";
import { eventually, withTimeout } from "@tenon/testkit";
import { createCertificate } from "@tenon/wire";
import { echo } from "../fixtures/contracts.js";
import { PrintRequest_Target as Target } from "../gen/tenon/test/v1/echo_pb.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

const sandbox = useSandbox();
const posix = process.platform === "win32" ? "needs a POSIX system" : false;
const launch = { process: fixture("echo-plugin") };
const options = fixture("options-plugin");
const hello = { chunks: [Buffer.from("hello")] };

/** Keeps every byte. */
function collector(): { sink: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { sink, bytes: () => Buffer.concat(chunks) };
}

test("port range: a plugin on TCP listens in it [OPT-01]", async () => {
  await using host = createHost();
  const tcp = { process: options, env: { SERVE_NETWORK: "tcp" } };
  const session = await host.start(echo, tcp, { minPort: 20_100, maxPort: 20_120 });
  const { network, string } = session.reattach.address;
  const port = Number(string.split(":")[1]);
  assert.equal(network, "tcp");
  assert.ok(port >= 20_100 && port <= 20_120, string);
  await assert.rejects(host.start(echo, tcp, { minPort: port, maxPort: port }), { code: "exited-before-handshake" });
});

const root = process.geteuid?.() === 0 ? false : "needs root";
test("socket group: the socket is the group's, with mode 0660 [OPT-02]", { skip: posix || root }, async () => {
  await using host = createHost();
  const session = await host.start(echo, launch, { socketGroup: "65533", socketDir: sandbox.directory });
  const { mode, gid } = statSync(session.reattach.address.string);
  assert.deepEqual([mode & 0o777, gid], [0o660, 65_533]);
});

test("skip host environment: nothing but what is named, and never a secret of the host [OPT-03]", async () => {
  const environment = { ...process.env, SECRET: "hush", NAMED: "yes", SAME: "host's" };
  await using host = createHost({ environment });
  const inheritEnv = ["PATH", "TMPDIR", "TENON_SANDBOX", "NAMED", "SAME"];
  const session = await host.start(echo, { ...launch, inheritEnv, env: { SAME: "plugin's" } });
  const { environment: seen } = await session.client("chaos").describe({});
  assert.deepEqual(
    [seen["NAMED"], seen["SAME"], seen["SECRET"], seen["HOME"]],
    ["yes", "plugin's", undefined, undefined],
  );
});

test("dial options: metadata, deadline and message limits hold for every call [OPT-04]", async () => {
  await using host = createHost();
  const channel = { maxReceiveMessageBytes: 1000, maxSendMessageBytes: 5000, defaultTimeoutMs: 300 };
  const session = await host.start(echo, launch, {
    channel,
    metadata: { "echo-tenant": "blue", "echo-own": "default" },
  });
  const client = session.client("echo");
  let header: Headers | undefined;
  await client.unary(hello, { headers: { "echo-own": "mine" }, onHeader: (got) => (header = got) });
  assert.deepEqual([header?.get("echo-tenant"), header?.get("echo-own")], ["blue", "mine"]);
  const failsWith = (code: Code) => (error: unknown) => error instanceof ConnectError && error.code === code;
  await assert.rejects(client.unary(hello, { headers: { "x-delay-ms": "5000" } }), failsWith(Code.DeadlineExceeded));
  await assert.rejects(client.unary(hello, { headers: { "x-fill": "2000" } }), failsWith(Code.ResourceExhausted));
  await assert.rejects(client.unary({ chunks: [Buffer.alloc(6000)] }), failsWith(Code.ResourceExhausted));
});

test("message limits: by default 5 MiB pass both ways, which a stock Go server refuses [OPT-05]", async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const { chunks } = await session.client("echo").unary({ chunks: [Buffer.alloc(5 * 1024 * 1024, 7)] });
  assert.equal(chunks[0]?.length, 5 * 1024 * 1024);
});

test("keepalive: a plugin that hangs fails its calls in time [OPT-06]", { skip: posix }, async () => {
  await using host = createHost();
  const channel = { keepaliveTimeMs: 200, keepaliveTimeoutMs: 200 };
  const stop = { shutdownTimeoutMs: 100, terminateTimeoutMs: 100 };
  const session = await host.start(echo, launch, { channel, stop });
  const call = session.client("echo").unary(hello, { headers: { "x-delay-ms": "60000" } });
  process.kill(session.pid, "SIGSTOP");
  await withTimeout(
    assert.rejects(call, (error: unknown) => error instanceof ConnectError && error.code === Code.Unavailable),
    10_000,
    "the end of the call",
  );
  assert.equal((await session.closed).reason, "connection-lost");
});

test("stderr copied, byte for byte, CRLF and binary and all [OPT-07]", async () => {
  const { sink, bytes } = collector();
  await using host = createHost();
  const session = await host.start(echo, launch, { stderr: sink });
  const text = "one\r\ntwo\u0000 é\n".repeat(1000);
  await session.client("chaos").print({ target: Target.DESCRIPTOR_2, text });
  await session.stop();
  assert.ok(bytes().includes(Buffer.from(text)));
  assert.equal(sink.writable, true, "the sink is the caller's to end");
  assert.equal(sink.listenerCount("error"), 0);
});

test("synced stdout and stderr come apart, byte for byte [OPT-08]", async () => {
  const [out, err] = [collector(), collector()];
  await using host = createHost();
  const session = await host.start(echo, launch, { syncStdout: out.sink, syncStderr: err.sink });
  await session.client("chaos").print({ target: Target.STDOUT, text: "printed", times: 3 });
  await eventually(() => out.bytes().toString() === "printed\nprinted\nprinted\n");
  await session.stop();
  assert.equal(err.bytes().toString(), "");
});

test("a sink that fails or throws harms nobody and is named once [OPT-09]", async () => {
  const records: LogRecord[] = [];
  await using host = createHost({ log: (record) => records.push(record) });
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  const throwing = {
    write() {
      throw new Error("no");
    },
  };
  const session = await host.start(echo, launch, { stderr: failing, syncStdout: throwing });
  for (let i = 0; i < 3; i++) {
    await session.client("chaos").print({ target: Target.DESCRIPTOR_2, text: "x" });
    await session.client("chaos").print({ target: Target.STDOUT, text: "x" });
  }
  await session.stop();
  const troubles = records.filter(({ source, message }) => source === "host" && message.includes("gets nothing more"));
  assert.equal(troubles.length, 2, troubles.map(({ message }) => message).join("\n"));
});

describe("configured TLS", () => {
  const [ours, theirs, stranger] = [createCertificate(), createCertificate(), createCertificate()];
  const file = (name: string, content: string): string => {
    const path = join(sandbox.directory, name);
    writeFileSync(path, content);
    return path;
  };
  const own = (lifetime: "host" | "own" = "host") => ({
    process: options,
    lifetime,
    env: {
      SERVE_CERT: file("cert.pem", theirs.certPem),
      SERVE_KEY: file("key.pem", theirs.keyPem),
      SERVE_CA: file("ca.pem", ours.certPem),
    },
  });
  const removeFiles = (): void => {
    for (const name of ["cert.pem", "key.pem", "ca.pem"]) rmSync(join(sandbox.directory, name), { force: true });
  };
  const tls = { cert: ours.certPem, key: ours.keyPem, ca: theirs.certPem };

  test("both sides bring their certificates, and a reattach does too [OPT-10]", async (t) => {
    t.after(removeFiles);
    await using host = createHost();
    const session = await host.start(echo, own("own"), { tls });
    assert.deepEqual([session.tls, session.reattach.tls], [true, "configured"]);
    await session.client("echo").unary(hello);
    await session.detach();
    const again = await host.start(echo, { attach: session.reattach }, { tls });
    await again.client("echo").unary(hello);
    assert.equal((await again.stop()).how, "shutdown");
  });

  test("a stranger's certificate is refused on either side [OPT-10]", async (t) => {
    t.after(removeFiles);
    await using host = createHost();
    const asStranger = { ...tls, cert: stranger.certPem, key: stranger.keyPem };
    await assert.rejects(host.start(echo, own(), { tls: asStranger }), { code: "tls-failed" });
    await assert.rejects(host.start(echo, own(), { tls: { ...tls, ca: stranger.certPem } }), { code: "tls-failed" });
    await assert.rejects(host.start(echo, own(), { tls, autoMtls: true }), { code: "option-invalid" });
    await assert.rejects(host.start(echo, own(), { tls: { cert: "no certificate" } }), { code: "option-invalid" });
  });
});

describe("stdin", { skip: posix }, () => {
  test("stdin reaches the plugin where the host hands it on [OPT-11]", async () => {
    const [file, ...args] = fixture("stdin-host", ...options);
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "close");
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    await eventually(() => printed.includes("READY"));
    child.stdin.end("a line for the plugin\n");
    await ended;
    assert.match(printed, /STDIN {"tty":false,"line":"a line for the plugin"}/);
  });

  const noScript = spawnSync("script", ["--version"]).status === 0 ? false : "needs script of util-linux";
  test("a terminal stays a terminal [OPT-12]", { skip: noScript }, async () => {
    const command = fixture("stdin-host", ...options).join(" ");
    const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "close");
    let printed = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text));
    await eventually(() => printed.includes("READY"), { timeoutMs: 10_000 });
    child.stdin.write("typed\r");
    await eventually(() => /STDIN {"tty":true,"line":"typed"}/.test(printed), { timeoutMs: 10_000 });
    child.stdin.end();
    await ended;
  });
});

test("invalid values of these options are named [OPT-13]", async () => {
  await using host = createHost();
  const invalid = [
    { channel: { nonsense: 1 } },
    { channel: { keepaliveTimeMs: 0 } },
    { channel: { sendCompression: "zip" } },
    { metadata: { "a b": "x" } },
    { metadata: { a: 7 } },
    { stderr: 7 },
    { syncStdout: {} },
    { tls: { nonsense: 1 } },
  ];
  for (const option of invalid) {
    await assert.rejects(host.start(echo, launch, option as never), { code: "option-invalid" }, JSON.stringify(option));
  }
});

const linux = process.platform === "linux" ? false : "needs /proc";
test("our own handshake variables never reach a grandchild [ENV-13]", { skip: linux }, async () => {
  await using host = createHost();
  const session = await host.start(echo, launch);
  const { pid } = await session.client("chaos").fork({ detached: false });
  const names = readFileSync(`/proc/${pid}/environ`, "utf8")
    .split("\0")
    .map((variable) => variable.split("=")[0]);
  assert.ok(names.includes("PATH"));
  const ours = [...handshakeVariables.map(({ name }) => name as string), echo.cookie.key];
  assert.deepEqual(
    names.filter((name) => name !== undefined && ours.includes(name)),
    [],
  );
});
