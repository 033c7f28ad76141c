import type { Duplex } from "node:stream";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { type Channel, createChannel, createServer, type Server } from "@tenon/wire";
import { Probe } from "../../gen/tenon/testkit/v1/probe_pb.js";
import { withTimeout } from "../../timing.js";
import { createProbe, type ProbeFacts } from "./probe.js";

/** Both ends of a connected byte stream. */
export interface StreamEnds {
  readonly client: Duplex;
  readonly server: Duplex;
  /** Ends whatever carries the two; they have ended themselves by then, or are to be destroyed. */
  close(): Promise<void>;
}

/** Settings of `streamCompliance`. Each has a default. */
export interface StreamComplianceOptions {
  /** Size of the large messages in bytes, from 1 MiB down to 64 KiB. Default 1 MiB; less suits a stream that is slow on purpose. */
  readonly largeBytes?: number;
  /** Calls at once. Default 200. */
  readonly concurrentCalls?: number;
  /** How long one case may take, in milliseconds. Default 20000. */
  readonly timeoutMs?: number;
}

/** One connection with a client and a server of the suite's own service on it. */
export interface Rig {
  readonly ends: StreamEnds;
  readonly channel: Channel;
  readonly server: Server;
  readonly client: Client<typeof Probe>;
  readonly facts: ProbeFacts;
  readonly options: Required<StreamComplianceOptions>;
}

/** Opens a connection, runs a case on it, and ends everything. */
export async function withRig(
  open: () => Promise<StreamEnds>,
  options: Required<StreamComplianceOptions>,
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const { timeoutMs } = options;
  const ends = await withTimeout(open(), timeoutMs, "opening the byte stream");
  const { service, facts } = createProbe();
  const streamWindowBytes = Math.max(65_535, options.largeBytes);
  const server = createServer({ streamWindowBytes }).add(Probe, service);
  server.accept(ends.server);
  const channel = createChannel(ends.client, { streamWindowBytes });
  const client = createClient(Probe, channel.transport);
  try {
    await withTimeout(run({ ends, channel, server, client, facts, options }), timeoutMs, "the case");
  } finally {
    channel.destroy();
    server.destroy();
    await channel.closed;
    await withTimeout(ends.close(), timeoutMs, "closing the byte stream");
  }
}

/** The error of a call, which has to fail. */
export async function failure(call: Promise<unknown>, code: Code): Promise<ConnectError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError))
    throw new Error(`the call ended with ${String(error)}, not with a ConnectError`);
  if (error.code !== code)
    throw new Error(`the call failed with ${Code[error.code]}, not ${Code[code]}: ${error.message}`);
  return error;
}

/** Bytes that differ from place to place, so that a piece that is missing or doubled shows. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
