import { connect, type NetConnectOpts, type Socket } from "node:net";
import { directReading } from "../http2/direct-reading.js";

/**
 * Begins to connect as `net.connect` does, with its options but for `onread`. What a channel reads from this socket takes no
 * new memory for each read: streams of large messages are faster, and the garbage collector holds up the calls beside
 * them less often. For everybody else it is a socket like any other.
 */
export function connectSocket(options: NetConnectOpts): Socket {
  const reading = directReading();
  const socket = connect({ ...options, onread: reading.onread });
  reading.bind(socket);
  return socket;
}
