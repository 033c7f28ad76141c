import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Whether a connected stream ends on this machine: a unix socket or a named pipe, or TCP to itself. False where nobody can tell. */
export function isLocal(stream: Duplex): boolean {
  if (!(stream instanceof Socket)) return false;
  const { remoteAddress } = stream;
  return remoteAddress === undefined || /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress);
}
