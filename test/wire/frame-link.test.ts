import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { createClient, createFrameLink, type FrameLink } from "@tenon/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { eventually } from "@tenon/testkit";
import { Echo, type EchoMessage } from "../gen/tenon/test/v1/echo_pb.js";
import { closeEcho, connectEcho } from "./pair.js";

interface Message {
  chunks: Uint8Array[];
}

const wrap = (bytes: Uint8Array): Message => ({ chunks: [Uint8Array.from(bytes)] });

async function receive(link: FrameLink<Message>, messages: AsyncIterable<EchoMessage>): Promise<void> {
  try {
    for await (const { chunks } of messages) for (const bytes of chunks) await link.receiveBytes(bytes);
    link.endBytes();
  } catch (error) {
    link.destroy(error as Error);
  }
}

/** Two links of frames joined by one call, each the sender of its side of it. */
function join() {
  const [ours, theirs] = [createFrameLink<Message>(wrap), createFrameLink<Message>(wrap)];
  for (const { duplex } of [ours, theirs]) duplex.on("error", () => {});
  const pair = connectEcho({
    bidi(requests) {
      void receive(theirs, requests);
      return theirs.outgoing;
    },
  });
  const answers = createClient(Echo, pair.channel.transport).bidi(ours.outgoing);
  void receive(ours, answers);
  return { ours, theirs, pair };
}

test("bytes of a frame link cross a call both ways, each reader at its own pace [BIND-17]", async () => {
  const { ours, theirs, pair } = join();
  const size = 4 * 1024 * 1024;
  const sent = Buffer.from(Uint32Array.from({ length: size / 4 }, (_, i) => i).buffer);
  for (const [from, to] of [
    [ours, theirs],
    [theirs, ours],
  ] as const) {
    let isWritten = false;
    from.duplex.write(sent, () => (isWritten = true));
    await eventually(() => to.duplex.readableLength > 0);
    assert.equal(isWritten, false);
    const read: Buffer[] = [];
    let length = 0;
    to.duplex.on("data", (chunk: Buffer) => {
      read.push(chunk);
      length += chunk.length;
    });
    await eventually(() => length === size && isWritten, { timeoutMs: 20_000 });
    assert.ok(Buffer.concat(read).equals(sent));
  }
  await closeEcho(pair);
});

test("the end of a frame link ends the call, and the end of the call the link", async () => {
  const ended = join();
  ended.theirs.duplex.resume();
  ended.ours.duplex.resume().end("last");
  await once(ended.theirs.duplex, "end");
  ended.theirs.duplex.end();
  await once(ended.ours.duplex, "end");
  await closeEcho(ended.pair);

  const broken = join();
  broken.ours.duplex.write("first");
  await once(broken.theirs.duplex, "readable");
  broken.ours.destroy(new ConnectError("broken", Code.Aborted));
  await eventually(() => broken.theirs.duplex.errored);
  await closeEcho(broken.pair);

  const cut = join();
  cut.ours.duplex.write("first");
  await once(cut.theirs.duplex, "readable");
  cut.pair.ends[0].destroy();
  await eventually(() => cut.ours.duplex.destroyed && cut.theirs.duplex.destroyed);
  await closeEcho(cut.pair);
});
