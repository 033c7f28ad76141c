import { once } from "node:events";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { Load } from "../gen/load_pb.js";
import { readMemory } from "./memory.js";

/** Reads the request header `count` of the method Repeat. */
export function parseCount(header: string | null | undefined): number {
  const count = Number(header ?? "");
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new ConnectError("the header count is no positive whole number", Code.InvalidArgument);
}

/** The service under load, for every server that takes a Connect-ES implementation. */
export const loadService: ServiceImpl<typeof Load> = {
  echo: ({ value }) => ({ value }),
  async *repeat({ value }, { requestHeader }) {
    const count = parseCount(requestHeader.get("count"));
    for (let i = 0; i < count; i++) yield { value };
  },
  async *hold({ value }, { signal }) {
    yield { value };
    if (!signal.aborted) await once(signal, "abort");
  },
  memory: async () => ({ value: JSON.stringify(await readMemory()) }),
};
