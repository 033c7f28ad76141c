import { create } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  type Piece,
  PieceSchema,
  type Specimen,
  type SpecimenHost,
  type Task,
} from "../gen/tenon/testkit/v1/specimen_pb.js";
import { createLedger, type Ledger } from "./ledger.js";
import { performTask } from "./perform-task.js";

/** The host's service, and what it has seen of the plugin's calls. */
export interface SpecimenHostService {
  readonly service: ServiceImpl<typeof SpecimenHost>;
  readonly ledger: Ledger;
  /** Gives the service its way back to the plugin, for calls that go to and fro. */
  connect(plugin: Client<typeof Specimen>): void;
}

/** Creates the host's service that a specimen calls. */
export function createSpecimenHost(): SpecimenHostService {
  const ledger = createLedger();
  let plugin: Client<typeof Specimen> | undefined;
  return {
    ledger,
    connect(client) {
      plugin = client;
    },
    service: {
      answer: (task, context) => performTask(task, context, ledger, () => pieceOf(task)),
      answerStream: (task, context) => answerStream(task, context, ledger),
      async relay({ left, done }, context) {
        if (left === 0) return { left, done };
        if (plugin === undefined) throw new ConnectError("nobody to relay to", Code.FailedPrecondition);
        return plugin.relay({ left: left - 1, done: done + 1 }, { signal: context.signal });
      },
    },
  };
}

async function* answerStream(task: Task, context: HandlerContext, ledger: Ledger): AsyncGenerator<Piece> {
  const end = ledger.begin(task.tag, context);
  try {
    for (let i = 0; i < task.count; i++) yield create(PieceSchema, { number: BigInt(i), data: task.data });
    await performTask({ ...task, tag: "" }, context, ledger, () => {});
  } finally {
    end();
  }
}

function pieceOf({ number, data }: Task): Piece {
  return create(PieceSchema, { number, data });
}
