import { openByteRing } from "@tenon/wire/port-ring";
import { findWorkerData } from "../run/worker-data.js";

/**
 * What stands for `fs.writeSync` on descriptor 2 in a thread that a host started; undefined elsewhere. The descriptor itself belongs to
 * the whole process there. What was written is safe in shared memory, whatever becomes of the thread. Throws `EAGAIN` like a pipe that
 * is full.
 */
export function findWorkerStderr(): ((fd: number, bytes: Uint8Array) => number) | undefined {
  const data = findWorkerData();
  if (data?.tenonStderr === undefined) return undefined;
  const ring = openByteRing(data.tenonStderr);
  return (_fd, bytes) => {
    // Whole records only: other loggers of this thread go on behind what one of them gave up.
    if (ring.roomBytes < Math.min(bytes.length, ring.sizeBytes))
      throw Object.assign(new Error("the host does not read"), { code: "EAGAIN" });
    const count = ring.write(bytes);
    if (ring.takeBell()) data.tenonControl?.postMessage("stderr");
    return count;
  };
}
