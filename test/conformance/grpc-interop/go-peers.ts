import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";

/** Seen from test/dist/conformance/grpc-interop. */
const module = fileURLToPath(new URL("../../../conformance/grpc-interop", import.meta.url));
const interop = "google.golang.org/grpc/interop";

/** The interop programs of grpc-go, or the sentence that says why there are none. */
export type InteropPrograms =
  | { readonly client: string; readonly server: string; readonly compression: string; readonly missing?: never }
  | { readonly client?: never; readonly server?: never; readonly compression?: never; readonly missing: string };

/**
 * Builds, once, grpc-go's own interop client and server, unchanged, and our program on grpc-go for the cases that these
 * do not have. Rejects where `buildGo` does.
 */
export async function interopPrograms(): Promise<InteropPrograms> {
  const built = await buildGo({ module, packages: [`${interop}/client`, `${interop}/server`, "./compression-peer"] });
  if (built.folder === undefined) return built;
  const path = (name: string) => join(built.folder, name);
  return { client: path("client"), server: path("server"), compression: path("compression-peer") };
}

/** Runs a Go program to its end, and fails with what it printed when it does. */
export async function runGo(file: string, ...args: string[]): Promise<void> {
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 30_000, killSignal: "SIGKILL" });
  const closed = once(child, "close");
  const stderr = await text(child.stderr);
  const [code, signal] = (await closed) as [number | null, string | null];
  assert.equal(code, 0, `${file} ${args.join(" ")} ended with ${code ?? signal}:\n${stderr}`);
}

/** Starts a Go server at a free port, which its log tells. */
export async function startGo(file: string, ...args: string[]): Promise<{ port: number; stop(): Promise<void> }> {
  const env = { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: "info" };
  const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const closed = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill();
    await closed;
  };
  // Its log is read to the end: a Go program whose stderr is gone ends with its next line.
  let log = "";
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      const port = /listening on \S*:(\d+)\s/.exec(log)?.[1];
      if (port !== undefined) resolve({ port: Number(port), stop });
    });
    child.on("error", reject);
    child.on("close", () => reject(new Error(`${file} ended before it listened:\n${log}`)));
  });
}
