import { createClient } from "@connectrpc/connect";
import type { Session } from "@tenon/host";
import { Cursor, Progress } from "../gen/guide/v1/callbacks_pb.js";
import type { importing } from "./contract.js";

type ImportSession = Session<(typeof importing)["versions"]>;

/** Imports a file; `onProgress` may say that it is enough. */
export async function importFile(
  session: ImportSession,
  file: string,
  onProgress: (percent: number) => boolean,
): Promise<number> {
  await using progress = await session.broker.serve((server) => {
    server.add(Progress, { report: ({ percent }) => ({ stop: onProgress(percent) }) });
  });
  const { lines } = await session.client("importer").import({ file, progressId: progress.id });
  return lines;
}

/** Takes the first numbers of a cursor that the plugin serves for us. */
export async function takeNumbers(session: ImportSession, count: number): Promise<number[]> {
  const { cursorId } = await session.client("importer").open({});
  await using channel = await session.broker.dial(cursorId, { timeoutMs: 2000 });
  const cursor = createClient(Cursor, channel.transport);
  const numbers: number[] = [];
  while (numbers.length < count) numbers.push((await cursor.next({})).number);
  return numbers;
}
