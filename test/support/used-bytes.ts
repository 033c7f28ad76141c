import { collectGarbage, usedHeapBytes } from "@tenon/testkit";

/** Memory of this process that is in use when its garbage was collected. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  return usedHeapBytes();
}
