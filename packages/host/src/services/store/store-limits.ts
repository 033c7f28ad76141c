import { Code, ConnectError } from "@connectrpc/connect";

/** Limits of a store, checked. */
export interface StoreLimits {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly maxKeys: number;
  readonly maxTotalBytes: number;
  readonly maxPageEntries: number;
  readonly maxPageBytes: number;
}

/** Throws where a key cannot be one. */
export function checkKey(key: string, { maxKeyBytes }: StoreLimits): void {
  if (key === "") throw new ConnectError("a key of the store must not be empty", Code.InvalidArgument);
  const bytes = Buffer.byteLength(key);
  if (bytes > maxKeyBytes) {
    throw new ConnectError(`a key of ${bytes} bytes is longer than maxKeyBytes ${maxKeyBytes}`, Code.InvalidArgument);
  }
}
