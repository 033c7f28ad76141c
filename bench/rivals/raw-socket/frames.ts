import type { Socket } from "node:net";

/** Calls back with each body of a stream of frames: four bytes of length, then the body. */
export function onFrame(socket: Socket, callback: (body: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + 4 <= bytes.length) {
      const end = at + 4 + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      callback(bytes.subarray(at + 4, end));
      at = end;
    }
    rest = bytes.subarray(at);
  });
}

/** Returns a function that sends a frame; all frames of one turn of the event loop leave in one write. */
export function frameWriter(socket: Socket): (body: Uint8Array) => void {
  let corked = false;
  return (body) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    const frame = Buffer.allocUnsafe(4 + body.length);
    frame.writeUInt32BE(body.length);
    frame.set(body, 4);
    socket.write(frame);
  };
}
