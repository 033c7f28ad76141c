import type { Duplex } from "node:stream";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { acceptedEncodings } from "../grpc/compression.js";
import { fieldsFromHeaders } from "../grpc/metadata.js";
import type { HeaderField } from "../hpack/field.js";
import type { CloseReason } from "../http2/close-reason.js";
import { Connection, type ConnectionOwner } from "../http2/connection.js";
import { FrameType, preface, Setting } from "../http2/constants.js";
import { isOverLimit } from "../http2/header-limit.js";
import { HeaderTemplate } from "../http2/header-template.js";
import { Keepalive } from "../http2/keepalive.js";
import { defaultLimits } from "../http2/limits.js";
import { formatSettings } from "../http2/settings.js";
import type { ChannelOptions } from "./options.js";
import type { PendingCall } from "./pending-call.js";

/** Who has a connection. No method may throw. */
export interface ClientConnectionOwner {
  /** The server's settings came, a stream ended, or the server takes no more streams. */
  onRoom(connection: ClientConnection): void;
  onClosed(reason: CloseReason, connection: ClientConnection): void;
}

/** The client's end of one connection: its preface, and the header blocks that its calls share. */
export class ClientConnection implements ConnectionOwner {
  readonly connection: Connection;
  readonly #options: ChannelOptions;
  readonly #owner: ClientConnectionOwner;
  readonly #scheme: "http" | "https";
  readonly #templates = new Map<DescMethod, HeaderTemplate>();
  /** For calls whose messages may be compressed. */
  readonly #gzipTemplates = new Map<DescMethod, HeaderTemplate>();
  readonly #fixed: readonly HeaderField[];
  readonly #keepalive: Keepalive | undefined;

  constructor(stream: Duplex, options: ChannelOptions, owner: ClientConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.#scheme = "encrypted" in stream ? "https" : "http";
    this.#fixed = options.fixedMetadata === undefined ? [] : fieldsFromHeaders(options.fixedMetadata);
    this.connection = new Connection(
      "client",
      stream,
      {
        ...defaultLimits,
        streamWindowBytes: options.streamWindowBytes ?? defaultLimits.streamWindowBytes,
        connectionWindowBytes: options.connectionWindowBytes ?? defaultLimits.connectionWindowBytes,
        maxStreamWindowBytes: options.maxStreamWindowBytes ?? defaultLimits.maxStreamWindowBytes,
        maxCallsPerConnection: options.maxCallsPerConnection ?? defaultLimits.maxCallsPerConnection,
        maxHeaderListBytes: options.maxHeaderListBytes ?? defaultLimits.maxHeaderListBytes,
        maxControlFramesPerSecond: options.maxControlFramesPerSecond ?? defaultLimits.maxControlFramesPerSecond,
      },
      this,
    );
    const { keepaliveTimeMs, keepaliveTimeoutMs, keepaliveWithoutCalls } = options;
    if (keepaliveTimeMs !== undefined) {
      this.#keepalive = new Keepalive(this.connection, {
        timeMs: keepaliveTimeMs,
        timeoutMs: keepaliveTimeoutMs ?? 20_000,
        withoutCalls: keepaliveWithoutCalls ?? false,
      });
    }
  }

  /** Gives the call a stream, or fails it: the server takes no such headers. The connection must have room. */
  begin(call: PendingCall): void {
    const { method, sending, metadata } = call.started;
    const template = this.#template(method, sending !== undefined);
    const { maxHeaderListSize } = this.connection.peer;
    if (metadata !== undefined && isOverLimit(template, metadata, maxHeaderListSize)) {
      const message = `the headers are over the ${maxHeaderListSize} bytes that the server takes`;
      return call.fail(new ConnectError(message, Code.ResourceExhausted));
    }
    call.begin(this.connection.openStream(call), template);
  }

  open(connection: Connection): void {
    const { output, limits } = connection;
    const bytes = Buffer.from(preface, "latin1");
    output.reserve(bytes.length).set(bytes, output.position);
    output.advance(output.position + bytes.length);
    const settings = formatSettings([
      [Setting.enablePush, 0],
      [Setting.initialWindowSize, limits.streamWindowBytes],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ]);
    output.frame(FrameType.settings, 0, 0, settings);
  }

  accept(): never {
    throw new Error("a server opens no streams");
  }

  onRoom(): void {
    this.#owner.onRoom(this);
  }

  onClosed(reason: CloseReason): void {
    this.#keepalive?.stop();
    this.#owner.onClosed(reason, this);
  }

  #template(method: DescMethod, gzip: boolean): HeaderTemplate {
    const templates = gzip ? this.#gzipTemplates : this.#templates;
    let template = templates.get(method);
    if (template === undefined) {
      template = new HeaderTemplate([
        [":method", "POST"],
        [":scheme", this.#scheme],
        [":path", `/${method.parent.typeName}/${method.name}`],
        [":authority", this.#options.authority ?? "localhost"],
        ["content-type", "application/grpc"],
        ["te", "trailers"],
        ["user-agent", "tenon"],
        ["grpc-accept-encoding", acceptedEncodings],
        ...this.#fixed,
        ...(gzip ? ([["grpc-encoding", "gzip"]] as const) : []),
      ]);
      templates.set(method, template);
    }
    return template;
  }
}
