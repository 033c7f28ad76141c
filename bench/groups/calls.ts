import { drawCalls } from "../lib/calls-picture.js";
import { bars, compare } from "../lib/calls-ratios.js";
import { type ClientProcess, startClient } from "../lib/client-process.js";
import { payloadBytes } from "../lib/client-loop.js";
import { measureInTurn } from "../lib/calls-in-turn.js";
import type { Group, GroupResult, RunOptions } from "../lib/group.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";

/** The command of a row's client process, which starts its server process itself. */
type Pair = readonly [name: string, client: readonly string[]];

const name = "calls";

/** Unary calls over a unix socket, every pair in two processes. */
export const group: Group = {
  name,
  about: `Unary calls over a unix socket, plaintext, ${payloadBytes}-byte value; each row is a client and a server process.`,
  bars,
  run,
  draw: drawCalls,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const pairs = (await findPairs(options)).filter(([name]) => options.rows?.includes(name) ?? true);
  const clients = new Map<string, ClientProcess>();
  try {
    for (const [name, command] of pairs) {
      clients.set(name, await startClient(command, options.signal));
    }
    const rows = await measureInTurn(name, clients, options);
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.stop()));
  }
}

/** Every row with its commands; without Go only those that do without. */
async function findPairs(options: RunOptions): Promise<Pair[]> {
  const tenonPlugin = nodeProgram("tenon/plugin");
  const tenonClient = nodeProgram("tenon/client");
  const pairs: Pair[] = [
    ["raw-socket", nodeProgram("rivals/raw-socket/client")],
    ["tenon-tenon", [...tenonClient, ...tenonPlugin]],
    ["grpc-js", nodeProgram("rivals/grpc-js/client")],
    ["connect-node", nodeProgram("rivals/connect-node/client")],
  ];
  const go = await findGoPrograms(options, "tenon-go, go-tenon and go-go");
  if (go === undefined) return pairs;
  pairs.splice(
    2,
    0,
    ["tenon-go", [...tenonClient, go("kv-plugin")]],
    ["go-tenon", [go("kv-client"), ...tenonPlugin]],
    ["go-go", [go("kv-client"), go("kv-plugin")]],
  );
  return pairs;
}
