import type { Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { statusFromThrown } from "../grpc/thrown.js";
import type { CallLife } from "./call-life.js";
import { PulledMessages, type PullOwner } from "./pulled-messages.js";
import type { LiveCall } from "./watch-call.js";

/** The requests of a streaming call, which the caller is asked for when the handler wants one. */
export class DirectRequests implements PullOwner<Message> {
  /** For the handler. */
  readonly messages: PulledMessages<Message>;
  readonly #call: LiveCall;
  readonly #life: CallLife;

  constructor(call: LiveCall, life: CallLife, input: AsyncIterator<unknown>) {
    this.#call = call;
    this.#life = life;
    this.messages = new PulledMessages(this, life.tools.turns);
    this.messages.open(input);
  }

  /** The call is over: the handler gets no more requests, and the caller is asked for none. */
  close(error: ConnectError | undefined): void {
    this.messages.end(error);
    this.messages.leaveSource();
  }

  take(value: unknown): Message {
    const { tools, asked, served } = this.#life;
    return tools.passage.pass(asked.input, served.input, value);
  }

  sourceEnded(): void {
    this.messages.end();
  }

  sourceFailed(cause: unknown): void {
    const { error } = statusFromThrown(cause);
    this.#call.fail(error, new ConnectError(`the caller's requests failed: ${error.rawMessage}`, Code.Canceled));
  }

  /** A handler may leave its requests and still answer. */
  readerLeft(): void {}
  tellingEnd(): void {}
}
