import { implement, type Logger, type Plugin } from "@tenon/plugin";
import type { LogOrder } from "../gen/flood_pb.js";
import { loadService } from "../lib/load-service.js";
import { flood } from "./flood-contract.js";

const tickMs = 1;
/** What was missed while the process had no time is not made up for beyond this. */
const maxTicks = 10;

/** A plugin that answers calls, and logs as much as it is told to: each millisecond what is due. */
export function createFlood(logger: Logger): Plugin {
  let offered = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = ({ recordsPerSecond, recordBytes }: LogOrder): void => {
    const text = "x".repeat(recordBytes);
    let last = performance.now();
    let due = 0;
    timer = setInterval(() => {
      const now = performance.now();
      due += (Math.min(now - last, maxTicks * tickMs) / 1000) * recordsPerSecond;
      last = now;
      for (; due >= 1; due--) {
        logger.info(text);
        offered++;
      }
    }, tickMs);
  };
  return implement(flood, {
    load: loadService,
    flood: {
      log(order) {
        clearInterval(timer);
        if (order.recordsPerSecond > 0) begin(order);
        return { offered: BigInt(offered) };
      },
    },
  });
}
