import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, type Transport } from "@connectrpc/connect";
import { MessageEncoder } from "../codec/message-encoder.js";
import { callCompression, type SendCompression } from "../grpc/compression.js";
import { fieldsFromHeaders, type MetadataInit } from "../grpc/metadata.js";
import { intercepted } from "./interceptors.js";
import type { ChannelOptions } from "./options.js";
import { abortError, type CallHome, deadlineError, type PendingCall, StartedCall } from "./pending-call.js";
import { StreamCall } from "./stream-call.js";
import { tooLargeToSend } from "../grpc/too-large.js";
import { UnaryCall } from "./unary-call.js";
import { waitForReady } from "./wait-for-ready.js";

/** Where the calls of a transport go. */
export interface CallStarter extends CallHome {
  /** Begins the call, now or when it can. What the call holds in shared memory is valid until this returns. */
  start(call: PendingCall): void;
}

/** Connect-ES's transport, whose calls are started by `home`. */
export function createTransport(options: ChannelOptions, home: CallStarter): Transport {
  const encoder = new MessageEncoder();
  const limits = {
    receive: options.maxReceiveMessageBytes ?? 0x7fffffff,
    send: options.maxSendMessageBytes ?? 0x7fffffff,
  };
  const compression: SendCompression = {
    compression: options.sendCompression ?? "identity",
    minBytes: options.minCompressBytes ?? 1024,
  };
  const bare: Transport = {
    unary: (method, signal, timeoutMs, header, input, values) =>
      new Promise((resolve, reject) => {
        try {
          const request = encoder.encode(method.input, input);
          if (request.length > limits.send) throw tooLargeToSend(request.length, limits.send);
          const started = prepare(
            home,
            method,
            signal,
            timeoutMs ?? options.defaultTimeoutMs,
            header,
            values,
            compression,
          );
          const call = new UnaryCall(started, method, request, limits.receive, resolve, reject);
          if (started.sending === undefined) home.start(call);
          else call.pack(started.sending, () => home.start(call));
        } catch (error) {
          reject(ConnectError.from(error, Code.Internal));
        }
      }),
    stream: (method, signal, timeoutMs, header, input, values) =>
      new Promise((resolve, reject) => {
        try {
          const started = prepare(home, method, signal, timeoutMs, header, values, compression);
          home.start(new StreamCall(started, method, input, encoder, limits, resolve, reject));
        } catch (error) {
          reject(ConnectError.from(error, Code.Internal));
        }
      }),
  };
  const { interceptors } = options;
  if (interceptors === undefined || interceptors.length === 0) return bare;
  return intercepted(bare, interceptors, options.authority ?? "localhost");
}

function prepare(
  home: CallHome,
  method: DescMethod,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  header: MetadataInit | undefined,
  values: ContextValues | undefined,
  options: SendCompression,
): StartedCall {
  if (signal?.aborted === true) throw abortError(signal);
  if (timeoutMs !== undefined && timeoutMs <= 0) throw deadlineError(timeoutMs);
  const metadata = header === undefined ? undefined : fieldsFromHeaders(header);
  const call = values?.get(callCompression);
  const sending = call === undefined && options.compression === "identity" ? undefined : { call, options };
  return new StartedCall(home, method, metadata, timeoutMs, signal, values?.get(waitForReady), sending);
}
