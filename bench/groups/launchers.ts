import { measureInTurn } from "../lib/calls-in-turn.js";
import { payloadBytes } from "../lib/client-loop.js";
import { type ClientProcess, startClient } from "../lib/client-process.js";
import type { Group, GroupResult, RunOptions } from "../lib/group.js";
import { bars, compare } from "../lib/launchers-ratios.js";
import { findGoPrograms, nodeProgram } from "../lib/programs.js";

/** The command of a row's client process, which starts whatever it calls. */
type Subject = readonly [name: string, client: readonly string[]];

const name = "launchers";

/** One plugin in every launcher, each beside what the launcher is made of. */
export const group: Group = {
  name,
  about: `Unary calls of one plugin in every launcher, ${payloadBytes}-byte value, beside a bare function, a bare message port and a bare socket.`,
  bars,
  run,
};

async function run(options: RunOptions): Promise<GroupResult> {
  const subjects = (await findSubjects(options)).filter(([name]) => options.rows?.includes(name) ?? true);
  const clients = new Map<string, ClientProcess>();
  try {
    for (const [name, command] of subjects) clients.set(name, await startClient(command, options.signal));
    const rows = await measureInTurn(name, clients, options);
    return { rows, ratios: compare(rows) };
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.stop()));
  }
}

async function findSubjects(options: RunOptions): Promise<Subject[]> {
  const [node, file] = nodeProgram("tenon/plugin") as [string, string];
  const launched = (launch: object) => [...nodeProgram("tenon/launch-client"), JSON.stringify(launch)];
  const subjects: Subject[] = [
    ["function-call", nodeProgram("rivals/function-call/client")],
    ["inline", launched({ inline: file })],
    ["post-message", nodeProgram("rivals/post-message/client")],
    ["worker", launched({ worker: file })],
    ["raw-socket", nodeProgram("rivals/raw-socket/client")],
    ["process", launched({ process: [node, file] })],
    ["stdio", launched({ stdio: [node, file] })],
  ];
  const go = await findGoPrograms(options, "pie-go");
  if (go !== undefined) subjects.push(["pie-go", launched({ pie: [go("pie-kv")] })]);
  return subjects;
}
