// A host that times until a plugin answers its first call: one that it starts, and those that dial in.
import { once } from "node:events";
import { kv } from "@tenon/example-kv/contract";
import { createHost, type Session } from "@tenon/host";
import type { MountAnswer, MountOrder } from "../lib/mount-order.js";
import { answerOrders } from "../lib/orders.js";
import { nodeProgram } from "../lib/programs.js";
import { listen } from "./listen.js";

const value = new Uint8Array(64).fill(7);
const program = "tenon/bind-plugin";

await using host = createHost();
const listening = await listen(host, kv);
let caller = listening.start(program);

async function time(open: () => Promise<Session<typeof kv.versions>>): Promise<[MountAnswer, Session]> {
  const before = performance.now();
  const session = await open();
  await session.client("kv").put({ key: "key", value });
  return [{ milliseconds: performance.now() - before }, session];
}

await answerOrders({ ready: true }, async (order) => {
  const bind = () => caller.bind() as Promise<Session<typeof kv.versions>>;
  switch ((order as MountOrder).what) {
    case "process-start": {
      const command = nodeProgram("tenon/plugin") as [string, string];
      const [answer, session] = await time(() => host.start(kv, { process: command }, { autoMtls: false }));
      await session.stop();
      return answer;
    }
    case "bind-mount": {
      const [answer, session] = await time(bind);
      listening.listener.kick(session.id, "it was timed");
      return answer;
    }
    case "bind-restart": {
      await bind();
      const exited = once(caller.child, "exit");
      const [answer, session] = await time(async () => {
        caller.child.kill("SIGKILL");
        await exited;
        caller = listening.start(program);
        return bind();
      });
      listening.listener.kick(session.id, "it was timed");
      return answer;
    }
    default:
      throw new Error(`unknown order ${JSON.stringify(order)}`);
  }
});
await listening.stop();
