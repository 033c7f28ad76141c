import { create } from "@bufbuild/protobuf";
import { defineContract } from "@tenon/core";
import { implement } from "@tenon/plugin";
import { createSpecimen, type Piece, Specimen } from "@tenon/testkit/specimen";

/** What plugins serve that are called under faults. */
export const counted = defineContract({
  name: "counted",
  cookie: { key: "COUNTED_PLUGIN", value: "5b2c90" },
  versions: { 1: { specimen: Specimen } },
});

/** A plugin that counts how often the handler of a call ran, by the number of the call. */
export function createCountedPlugin() {
  const runs = new Map<bigint, number>();
  const count = (number: bigint) => void runs.set(number, (runs.get(number) ?? 0) + 1);
  const specimen = createSpecimen();
  const plugin = implement(counted, {
    specimen: {
      ...specimen,
      unary(task, context) {
        count(task.number);
        return specimen.unary(task, context);
      },
      async *serverStream({ number, data, count: pieces }): AsyncGenerator<Piece> {
        count(number);
        for (let i = 0; i < pieces; i++) yield { ...create(Specimen.method.serverStream.output), number, data };
      },
      async *bidi(tasks): AsyncGenerator<Piece> {
        let isFirst = true;
        for await (const { number, data } of tasks) {
          if (isFirst) count(number);
          isFirst = false;
          yield { ...create(Specimen.method.bidi.output), number, data };
        }
      },
    },
  });
  return { plugin, runs, twice: () => [...runs].filter(([, times]) => times > 1) };
}
