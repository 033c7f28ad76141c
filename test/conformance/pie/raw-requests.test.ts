import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { piePrograms } from "./programs.js";

/** What a plugin answers to these bytes, in the order of its lines, and how it ends. */
async function answersOf(command: readonly [string, ...string[]], pieces: readonly string[]) {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: "pipe" });
  const output = text(child.stdout);
  child.stderr.resume();
  child.stdin.on("error", () => {});
  const closed = once(child, "close");
  for (const piece of pieces) {
    child.stdin.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.stdin.end();
  await closed;
  const lines = (await output).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as { id: unknown; result: unknown; error: string | null });
}

const request = (method: string, params: string, id: string) => `{"method":"${method}","params":${params},"id":${id}}`;
const hello = (id: string) => request("Peer.Fail", '["hello"]', id);

/** Odd things that Go's server takes, each answered by itself. */
const oddities: Readonly<Record<string, readonly string[]>> = {
  "ids of every type": ["0", "-1.5", '"a"', "null", "true", "[1,{}]", '{"a":null}', "18446744073709551615"].map(hello),
  "no id": ['{"method":"Peer.Fail","params":["x"]}'],
  "members in any case, unknown ones, and one twice": [
    '{"jsonrpc":"2.0","METHOD":"Peer.Nope","Method":"Peer.Fail","PARAMS":["x"],"Id":1,"extra":{"id":2}}',
  ],
  "no parameter": [request("Peer.Echo", "[]", "2"), request("Peer.Echo", "[null]", "3")],
  "more than one parameter": [request("Peer.Fail", '["a","b",{}]', "1")],
  "params that are no list": [
    request("Peer.Fail", '{"a":1}', "1"),
    request("Peer.Fail", "null", "2"),
    '{"method":"Peer.Fail","id":3}',
  ],
  "parameters of the wrong type": [
    request("Peer.Fail", "[5]", "1"),
    request("Peer.Echo", '["x"]', "2"),
    request("Peer.Echo", '[{"Text":[]}]', "3"),
  ],
  "names that nobody has": [
    request("Nobody.X", "[{}]", "1"),
    request("Peer.X", "[{}]", "2"),
    request("nodot", "[{}]", "3"),
    request("", "[{}]", "4"),
    request("Peer.", "[{}]", "5"),
    '{"params":[{}],"id":6}',
  ],
  "fields in any case, null, and such as there are not": [
    request(
      "Peer.Echo",
      '[{"text":"a","TEXT":"b","unknown":[{}],"Nested":null,"Data":null,"Table":null,"List":null}]',
      "1",
    ),
    request("Peer.Echo", '[{"LARGENUMBER":9007199254740993,"unsignednumber":18446744073709551615}]', "2"),
  ],
  "one value a byte at a time": hello('"slow"').split(""),
  "many values in one piece, with and without blanks": [`${hello("1")}${hello("2")}\n\n\t ${hello("3")}\r\n`],
  "texts with escapes": [request("Peer.Fail", String.raw`["\u003ca\u003e \"}{\\ \ud83d\ude00 \u0000"]`, "1")],
  "what begins well and is no JSON": [hello("1"), "{]", hello("2")],
  "what is no JSON at all": ["hello\n", hello("1")],
  "what is JSON and no object": [hello("1"), "5", hello("2")],
  "a method that is no text": ['{"method":5,"params":[],"id":1}', hello("2")],
  "an end within a value": [hello("1"), '{"method":"Peer.Fail",'],
};

const { missing, plugin } = await piePrograms();

describe("our provider and one on natefinch/pie", { skip: missing ?? false }, () => {
  const ours = [process.execPath, fileURLToPath(new URL("plugins/peer-provider.js", import.meta.url))] as const;
  for (const [what, pieces] of Object.entries(oddities)) {
    test(`answer the same to: ${what} [PIE-01, PIE-04, PIE-06, PIE-07, PIE-14]`, async () => {
      const [theirs, own] = await Promise.all([answersOf([plugin!], pieces), answersOf(ours, pieces)]);
      const comparable = (answers: typeof own) =>
        answers
          .filter(({ error }) => !/server cannot decode/.test(error ?? ""))
          .map(({ id, result, error }) => ({
            id: JSON.stringify(id),
            hasResult: result !== null,
            error: kindOf(error),
          }))
          .toSorted((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(comparable(own), comparable(theirs));
      for (const { result, error } of own) assert.notEqual(result === null, error === null);
    });
  }
});

/** An error's text; of those about a request that cannot be read the kind alone, for their texts are each one's own. */
function kindOf(error: string | null): string | null {
  return error !== null && /^(json: cannot unmarshal|invalid_argument: )/.test(error) ? "unreadable" : error;
}
