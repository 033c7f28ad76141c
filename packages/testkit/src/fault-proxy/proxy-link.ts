import type { Socket } from "node:net";
import { delayWrites } from "../streams/delay.js";
import { streamError } from "../streams/duplex-pair.js";
import { type FaultKind, type FaultyStream, injectFaults } from "../streams/fault-injection.js";
import { resetStream } from "../streams/reset-stream.js";

/** What a link is like, in both directions. */
export interface LinkConditions {
  /** How much later bytes arrive, in milliseconds; a round trip takes twice as long. Default 0. */
  readonly delayMs?: number;
  /** Bytes are passed on in pieces of at most so many, each written by itself. Default: as they come. */
  readonly sliceBytes?: number;
  /** Bytes that pass in a second. Default: as many as the machine can. */
  readonly bytesPerSecond?: number;
}

/** One connection of a client and the one to the target that belongs to it. */
export class ProxyLink {
  readonly near: Socket;
  readonly far: Socket;
  /** Resolves when both connections are gone. */
  readonly ended: Promise<void>;
  #isJoined = false;
  #cut: FaultKind | undefined;
  #toTarget: FaultyStream | undefined;

  /** @param far - may still be connecting; until then nothing is read from `near` */
  constructor(near: Socket, far: Socket, conditions: LinkConditions) {
    this.near = near;
    this.far = far;
    const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", () => resolve()));
    this.ended = Promise.all([closed(near), closed(far)]).then(() => {});
    for (const socket of [near, far]) socket.on("error", () => this.#break());
    far.once("connect", () => {
      if (near.destroyed) far.destroy();
      else this.#join(conditions);
    });
  }

  /** Whether the target was reached. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  get isCut(): boolean {
    return this.#cut !== undefined;
  }

  cut(kind: FaultKind, afterBytes: number): void {
    this.#cut = kind;
    this.#toTarget?.trip(kind, afterBytes);
  }

  destroy(): void {
    this.near.destroy();
    this.far.destroy();
  }

  #join({ delayMs = 0, sliceBytes, bytesPerSecond }: LinkConditions): void {
    this.#isJoined = true;
    const faults = {
      ...(sliceBytes !== undefined && { writeChunkBytes: sliceBytes }),
      ...(bytesPerSecond !== undefined && { writeBytesPerSecond: bytesPerSecond }),
    };
    const wrap = (socket: Socket) => injectFaults(delayMs > 0 ? delayWrites(socket, delayMs) : socket, faults);
    const [client, target] = [wrap(this.near), wrap(this.far)];
    this.#toTarget = target;
    this.#pass(client, target, this.far);
    this.#pass(target, client, this.near);
  }

  #pass(from: FaultyStream, to: FaultyStream, socket: Socket): void {
    from.stream.on("error", () => this.#break());
    from.stream.pipe(to.stream);
    from.stream.once("close", () => {
      // All that came from there was passed on; nothing can be sent there any more.
      if (this.#cut !== "half-open") to.stream.end(() => socket.destroy());
    });
  }

  /** One end is broken: so is the other, unless nothing may be seen of it there. */
  #break(): void {
    if (this.#cut === "half-open") return;
    for (const socket of [this.near, this.far])
      resetStream(socket, streamError("ECONNRESET", "the other end is broken"));
  }
}
