import type { DescMethod } from "@bufbuild/protobuf";
import { type CallOptions, Code, ConnectError, type ContextValues, type Transport } from "@connectrpc/connect";
import { MessageEncoder } from "../codec/message-encoder.js";
import { callCompression, type SendCompression } from "../grpc/compression.js";
import { MessageDecoder } from "../codec/message-decoder.js";
import { endedQueue } from "../grpc/message-queue.js";
import { fieldsFromHeaders, type MetadataInit } from "../grpc/metadata.js";
import { interceptTransport } from "./interceptors.js";
import { opensStreams, type StreamOpener } from "./opens-streams.js";
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
  const bare = new WireTransport(options, home);
  const { interceptors } = options;
  if (interceptors === undefined || interceptors.length === 0) return bare;
  return interceptTransport(bare, interceptors, options.authority ?? "localhost");
}

/** A transport without interceptors. Its functions need no `this`, as those of other transports. */
class WireTransport implements StreamOpener {
  readonly [opensStreams] = true;
  readonly unary: Transport["unary"];
  readonly stream: Transport["stream"];
  readonly open: StreamOpener["open"];

  constructor(options: ChannelOptions, home: CallStarter) {
    const encoder = new MessageEncoder();
    const decoder = new MessageDecoder();
    const limits = {
      receive: options.maxReceiveMessageBytes ?? 0x7fffffff,
      send: options.maxSendMessageBytes ?? 0x7fffffff,
    };
    const compression: SendCompression = {
      compression: options.sendCompression ?? "identity",
      minBytes: options.minCompressBytes ?? 1024,
    };
    const tools = { encoder, decoder, limits };
    const { fixedMetadata } = options;
    const fixed = fixedMetadata === undefined ? undefined : new Set(new Headers(fixedMetadata).keys());

    this.unary = (method, signal, timeoutMs, header, input, values) =>
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
            fixed,
          );
          const call = new UnaryCall(started, method, request, decoder, limits.receive, resolve, reject);
          call.lender = encoder;
          if (started.sending === undefined) home.start(call);
          else call.pack(started.sending, () => home.start(call));
        } catch (error) {
          reject(ConnectError.from(error, Code.Internal));
        }
      });

    this.stream = async (method, signal, timeoutMs, header, input, values) => {
      try {
        const started = prepare(home, method, signal, timeoutMs, header, values, compression, fixed);
        const call = new StreamCall(started, method, input, tools);
        const response = call.response();
        home.start(call);
        return await response;
      } catch (error) {
        throw ConnectError.from(error, Code.Internal);
      }
    };

    this.open = (method, input, callOptions) => {
      const { signal, timeoutMs, headers, contextValues } = callOptions ?? noOptions;
      try {
        const started = prepare(home, method, signal, timeoutMs, headers, contextValues, compression, fixed);
        const call = new StreamCall(started, method, input, tools, callOptions);
        home.start(call);
        return call.answers;
      } catch (error) {
        return endedQueue(ConnectError.from(error, Code.Internal));
      }
    };
  }
}

const noOptions: CallOptions = {};

function prepare(
  home: CallHome,
  method: DescMethod,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  header: MetadataInit | undefined,
  values: ContextValues | undefined,
  options: SendCompression,
  fixed: ReadonlySet<string> | undefined,
): StartedCall {
  if (signal?.aborted === true) throw abortError(signal);
  if (timeoutMs !== undefined && timeoutMs <= 0) throw deadlineError(timeoutMs);
  let metadata = header === undefined ? undefined : fieldsFromHeaders(header);
  if (metadata !== undefined && fixed !== undefined) metadata = metadata.filter(([name]) => !fixed.has(name));
  const call = values?.get(callCompression);
  const sending = call === undefined && options.compression === "identity" ? undefined : { call, options };
  return new StartedCall(home, method, metadata, timeoutMs, signal, values?.get(waitForReady), sending);
}
