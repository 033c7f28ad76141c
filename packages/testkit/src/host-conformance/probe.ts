// The plugin that stands in for the user's: it does what its plan says and notes what its host does.
// Arguments: the plan as JSON, the file for its notes, a directory for its socket.
import { appendFileSync, closeSync, rmSync, writeSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createRawGrpcServer, type RawCall } from "../raw-grpc/raw-server.js";
import { lastWords, type ProbeEvent, type ProbePlan } from "./probe-plan.js";

const [, , planText = "{}", notes = "", directory = "/tmp"] = process.argv;
const plan = JSON.parse(planText) as ProbePlan;
const env = { ...process.env } as Record<string, string>;
const note = (event: ProbeEvent): void => appendFileSync(notes, `${JSON.stringify(event)}\n`);
note({ event: "started", pid: process.pid, env });

const socketDirectory = env["PLUGIN_UNIX_SOCKET_DIR"] ?? directory;
const path = `${socketDirectory}/probe${process.pid}`;
const unimplemented = 12;

function end(code: number): never {
  rmSync(path, { force: true });
  if (code === 0) note({ event: "ends-in-order" });
  process.exit(code);
}

process.on("SIGINT", () => note({ event: "sigint" }));
process.on("SIGTERM", () => {
  note({ event: "sigterm" });
  if (plan.ignoresSigterm !== true) end(0);
});
process.stdin.resume().on("end", () => note({ event: "stdin-end" }));
process.stdin.on("error", () => {});

function stdio(call: RawCall): void {
  call.open();
  if (plan.stdio !== "odd") return;
  // Unknown channels, an empty chunk, an unknown field.
  for (const bytes of [
    [8, 0, 18, 1, 65],
    [8, 9, 18, 1, 65],
    [8, 1],
    [8, 1, 18, 1, 65, 122, 1, 66],
  ]) {
    call.send(Uint8Array.from(bytes));
  }
}

function shutdown(call: RawCall): void {
  if (plan.shutdown === "silent") return;
  call.end(0, new Uint8Array());
  if (plan.shutdown !== "stays") setTimeout(() => end(0), plan.shutdown === "slow" ? 1000 : 30);
}

const services: Readonly<Record<string, (call: RawCall) => void>> = {
  "/plugin.GRPCStdio/StreamStdio": stdio,
  "/plugin.GRPCBroker/StartStream": (call) => call.open(),
  "/plugin.GRPCController/Shutdown": shutdown,
  "/grpc.health.v1.Health/Check": (call) => call.end(0, Uint8Array.of(8, 1)),
};

/** Streams that a host opens at once and keeps. */
const standing = new Set(["/plugin.GRPCStdio/StreamStdio", "/plugin.GRPCBroker/StartStream"]);

function connected(): void {
  note({ event: "connected" });
  if (plan.dies === true) setTimeout(() => process.exit(3), 50);
}

const server = createRawGrpcServer((call) => {
  note({ event: "call", path: call.path });
  if (plan.dies === true && !standing.has(call.path)) process.exit(3);
  const service = services[call.path];
  if (service !== undefined && plan.services === "none") call.end(unimplemented);
  else if (service !== undefined) service(call);
  // An empty message is a valid one of every type, so that calls of any contract succeed.
  else if (plan.holdsCalls !== true) call.onMessage(() => call.end(0, new Uint8Array()));
}, connected);

/** A host that sends anything else is told so by the check of its environment, and by no other. */
function isCertificate(pem: string): boolean {
  return pem.includes("BEGIN CERTIFICATE");
}

async function createSecure(hostPem: string) {
  const { createCertificate } = await import("@tenon/wire/tls");
  const { createSecureContext, TLSSocket } = await import("node:tls");
  const own = createCertificate();
  const shown = plan.certificate === "another" ? createCertificate() : own;
  const secureContext = createSecureContext({ cert: own.certPem, key: own.keyPem, ca: hostPem });
  const accept = (stream: Duplex): void => {
    const options = {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
    };
    const socket = new TLSSocket(stream, options);
    socket.on("error", () => {});
    socket.on("secure", () => {
      // @types/node lacks it: the verdict on the peer's certificate, null where it is the one that was sent.
      const { ssl } = socket as unknown as { ssl: { verifyError(): Error | null } };
      const isHost = socket.getPeerX509Certificate() !== undefined && ssl.verifyError() === null;
      note({ event: "tls", isHost, alpn: socket.alpnProtocol === false ? "" : String(socket.alpnProtocol) });
      // Wrapped, since node:http2 would look for ALPN itself.
      if (isHost) server.accept(Duplex.from({ readable: socket, writable: socket }));
      else socket.destroy();
    });
  };
  return { accept, field: shown.der.toString("base64").replace(/=+$/, "") };
}

function listen(listener: Server): Promise<string> {
  const where = plan.network === "tcp" ? { host: "127.0.0.1", port: 0 } : { path };
  return new Promise((resolve, reject) => {
    listener.once("error", reject).listen(where, () => {
      const address = listener.address();
      resolve(typeof address === "object" && address !== null ? `127.0.0.1:${address.port}` : path);
    });
  });
}

/** The host may have handed over a pipe that does not block. */
function writeBlocking(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

function flood(): void {
  const line = `${"f".repeat(127)}\n`;
  const chunk = Buffer.from(plan.floods === "stdout-one-line" ? "f".repeat(65_536) : line.repeat(512));
  // Written so that it blocks where nobody reads, as a logger of most languages does.
  for (let i = 0; i < 32; i++) writeBlocking(plan.floods === "stderr" ? 2 : 1, chunk);
  note({ event: "drained" });
}

if (plan.first === "exits") {
  writeSync(2, `${lastWords}\n`);
  process.exit(1);
}
if (plan.first === "closes-stdout") closeSync(1);
if (plan.first === "floods-stdout-without-line-feed") writeSync(1, "f".repeat(70_000));

const hostPem = env["PLUGIN_CLIENT_CERT"] ?? "";
const secure =
  hostPem === "" || plan.certificate === "none" || !isCertificate(hostPem) ? undefined : await createSecure(hostPem);
const accept = secure?.accept ?? ((stream: Duplex) => server.accept(stream));
const isMultiplexed = /^(1|t|true)$/i.test(env["PLUGIN_MULTIPLEX_GRPC"] ?? "");

const listener = createServer((socket) => {
  socket.on("error", () => {});
  if (!isMultiplexed) accept(socket);
  else
    void import("@tenon/wire/yamux").then(({ createYamuxSession }) =>
      createYamuxSession(socket, { role: "server", onStream: accept }),
    );
});
const address = plan.listens === false ? path : await listen(listener);

if (plan.line !== undefined && plan.isSilent !== true && plan.first === undefined) {
  const offered = (env["PLUGIN_PROTOCOL_VERSIONS"] ?? "").split(",").map(Number).filter(Number.isInteger);
  const values: Readonly<Record<string, string>> = {
    version: `${offered.length === 0 || env["PLUGIN_PROTOCOL_VERSIONS"] === undefined ? 1 : Math.max(...offered)}`,
    network: plan.network ?? "unix",
    address,
    certificate: secure?.field ?? "",
    multiplex: env["PLUGIN_MULTIPLEX_GRPC"] === undefined ? "" : `|${isMultiplexed}`,
  };
  const line = plan.line.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
  if (plan.inPieces === true) {
    for (const [from, to] of [
      [0, 3],
      [3, 12],
      [12, line.length],
    ] as const) {
      writeSync(1, line.slice(from, to));
      await sleep(250);
    }
  } else writeSync(1, line);
  writeSync(1, "\n");
}
for (const text of plan.logs ?? []) writeSync(2, `${text}\n`);
if (plan.floods !== undefined) flood();
setInterval(() => {}, 60_000);
