import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { ConnInfoSchema, EmptySchema, GRPCBroker, GRPCStdio, Health, HealthCheckRequestSchema } from "@tenon/core";
import type { Channel } from "@tenon/wire";
import { withTimeout } from "../timing.js";

/** The code that a call ended with, or what it answered. */
export type Answer<T> = { readonly value: T; readonly code?: never } | { readonly value?: never; readonly code: Code };

/** Turns a failed call into its code. Other errors stay errors. */
export async function answerOf<T>(call: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof ConnectError) return { code: error.code };
    throw error;
  }
}

/**
 * Asks the health service for a name; resolves with the status or the code. The request can be made large by a field that
 * nobody knows: servers repeat a long name in their answers.
 */
export function askHealth(
  channel: Channel,
  service: string,
  timeoutMs: number,
  extraBytes = 0,
): Promise<Answer<number>> {
  const client = createClient(Health, channel.transport);
  const request = create(HealthCheckRequestSchema, { service });
  if (extraBytes > 0) {
    const data = new BinaryWriter().bytes(new Uint8Array(extraBytes)).finish();
    request.$unknown = [{ no: 15, wireType: WireType.LengthDelimited, data }];
  }
  return answerOf(client.check(request, { timeoutMs }).then(({ status }) => status as number));
}

/** Fails unless the plugin still answers calls; any status of gRPC that it sent itself will do. */
export async function mustAnswer(channel: Channel, timeoutMs: number): Promise<void> {
  const { code } = await askHealth(channel, "plugin", timeoutMs);
  if (code === Code.Unavailable || code === Code.DeadlineExceeded) {
    throw new Error(`it no longer answers (${describeCode(code)})`);
  }
}

/** Calls a method that need not exist. */
export function callUnary(
  channel: Channel,
  service: string,
  method: string,
  timeoutMs: number,
): Promise<Answer<unknown>> {
  const desc = { ...Health.method.check, name: method, parent: { ...Health, typeName: service } };
  const call = channel.transport.unary(desc, undefined, timeoutMs, undefined, { service: "" });
  return answerOf(Promise.resolve(call));
}

/** A stream that was opened, and what came of it so far. */
export interface OpenedStream<T> {
  readonly received: readonly T[];
  /** How it ended: undefined while it is open, "ended" after status OK, else the code. */
  readonly end: Code | "ended" | undefined;
  /** Resolves when it has ended, or after `ms`. */
  settled(ms: number): Promise<void>;
  cancel(): void;
}

function watchStream<T>(messages: AsyncIterable<T>, cancel: () => void): OpenedStream<T> {
  const received: T[] = [];
  let end: Code | "ended" | undefined;
  const reading = (async () => {
    try {
      for await (const message of messages) received.push(message);
      end = "ended";
    } catch (error) {
      end = ConnectError.from(error).code;
    }
  })();
  return {
    received,
    get end() {
      return end;
    },
    settled: (ms) => withTimeout(reading, ms).catch(() => {}),
    cancel,
  };
}

/** Opens the stream of the plugin's output. */
export function openStdio(channel: Channel): OpenedStream<{ channel: number; data: Uint8Array }> {
  const abort = new AbortController();
  const client = createClient(GRPCStdio, channel.transport);
  return watchStream(client.streamStdio({}, { signal: abort.signal }), () => abort.abort());
}

/** What a broker stream carries. */
export interface ConnInfoInit {
  readonly serviceId: number;
  readonly network?: string;
  readonly address?: string;
  readonly knock?: { readonly knock?: boolean; readonly ack?: boolean };
}

/** Opens a broker stream, sends these and keeps it open. */
export function openBroker(
  channel: Channel,
  sends: readonly ConnInfoInit[] = [],
): OpenedStream<{ serviceId: number; knock?: { ack: boolean; error: string } | undefined }> {
  const abort = new AbortController();
  const client = createClient(GRPCBroker, channel.transport);
  const requests = async function* () {
    for (const init of sends) yield create(ConnInfoSchema, init as object);
    await new Promise((resolve) => abort.signal.addEventListener("abort", resolve));
  };
  return watchStream(client.startStream(requests(), { signal: abort.signal }), () => abort.abort());
}

/**
 * Asks a reflection service for the names of all services; resolves with the bytes of its answer, which hold them as text.
 * The request is an empty message with field 7 (list_services) beside it, so that no descriptors are needed.
 */
export async function askReflection(channel: Channel, service: string, timeoutMs: number): Promise<Answer<string>> {
  const method = {
    ...GRPCBroker.method.startStream,
    name: "ServerReflectionInfo",
    parent: { ...GRPCBroker, typeName: service },
    input: EmptySchema,
    output: EmptySchema,
  };
  const request = create(EmptySchema);
  request.$unknown = [{ no: 7, wireType: WireType.LengthDelimited, data: Uint8Array.of(1, 0x2a) }];
  const ask = async (): Promise<string> => {
    const requests = async function* () {
      yield request;
    };
    const { message } = await channel.transport.stream(method, undefined, timeoutMs, undefined, requests());
    let text = "";
    for await (const answer of message) {
      text += (answer.$unknown ?? []).map(({ data }) => Buffer.from(data).toString("latin1")).join("");
    }
    return text;
  };
  return answerOf(ask());
}

/** The name of a code, as gRPC writes it. */
export function describeCode(code: Code): string {
  return Code[code].replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

/** What an answer was, in words. */
export function describeAnswer({ code, value }: Answer<unknown>): string {
  return code === undefined ? `an answer (${JSON.stringify(value)})` : describeCode(code);
}
