import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Undefined where nghttp2's h2load can be run, else the sentence that says why not. With `CI=true` it rejects instead. */
export async function findH2load(): Promise<string | undefined> {
  try {
    await run("h2load", ["--version"]);
    return undefined;
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    return "h2load is not on the PATH; Debian has it in nghttp2-client";
  }
}

/** What is to be sent. */
export interface Load {
  readonly url: string;
  /** File with the body of each request. */
  readonly body: string;
  readonly requests: number;
  readonly connections: number;
  /** Streams at the same time on each connection. */
  readonly streams: number;
}

/** Sends gRPC requests and fails unless each of them was answered with HTTP status 200 to 299. */
export async function runH2load({ url, body, requests, connections, streams }: Load): Promise<void> {
  const counts = [`--requests=${requests}`, `--clients=${connections}`, `--max-concurrent-streams=${streams}`];
  const headers = ["--header=content-type: application/grpc", "--header=te: trailers"];
  const { stdout } = await run("h2load", [...counts, ...headers, `--data=${body}`, url], { timeout: 120_000 });
  assert.match(stdout, new RegExp(`^requests: .* ${requests} succeeded, 0 failed, 0 errored, 0 timeout$`, "m"));
  assert.match(stdout, new RegExp(`^status codes: ${requests} 2xx, 0 3xx, 0 4xx, 0 5xx$`, "m"));
}
