import { HeaderTemplate } from "../http2/header-template.js";
import type { Http2Stream, StreamHandler } from "../http2/stream.js";

const explanation = new TextEncoder().encode("This is a gRPC server: call it with a gRPC client.\n");

/** Answers a well-formed HTTP request that is no gRPC request, once it has ended. Its body is dropped. */
export class HttpRefusal implements StreamHandler {
  readonly #stream: Http2Stream;
  readonly #status: number;

  constructor(stream: Http2Stream, status: number) {
    this.#stream = stream;
    this.#status = status;
  }

  onHeaders(_fields: unknown, endStream: boolean): void {
    if (endStream) this.#answer();
  }

  onData(_bytes: Buffer, start: number, end: number, endStream: boolean): void {
    if (endStream) this.#answer();
    else this.#stream.credit(end - start);
  }

  onReset(): void {}

  onDrain(): void {}

  #answer(): void {
    const fields = [
      [":status", String(this.#status)],
      ["content-type", "text/plain"],
    ] as const;
    this.#stream.sendHeaders(new HeaderTemplate(fields), undefined, false);
    this.#stream.sendBody(explanation);
  }
}
