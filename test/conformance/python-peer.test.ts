import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { useSandbox } from "../support/sandbox.js";
import { echoClientSuite } from "./peers/client-suite.js";
import { dialEcho, serveEcho } from "./peers/echo-ends.js";
import { runPeer } from "./peers/peer-report.js";
import { findGrpcPython, pythonProgram } from "./peers/python.js";

const { directory } = useSandbox();
const { python, missing } = await findGrpcPython();
const skip = missing ?? false;

echoClientSuite(
  "a grpc-python server",
  async () => {
    const path = join(directory, "py");
    const server = spawn(python!, [pythonProgram("echo_server.py"), path], { stdio: ["pipe", "pipe", "inherit"] });
    const closed = once(server, "close");
    await once(server.stdout, "data");
    const echo = await dialEcho(path);
    const stop = async (): Promise<void> => {
      await echo.close();
      server.stdin.end();
      await closed;
    };
    return { ...echo, close: stop };
  },
  skip,
);

describe("grpc-python against our server", { skip }, () => {
  if (python === undefined) return;
  const served = join(directory, "served");
  test("every check of the Python client passes [WIRE-01] [WIRE-02] [WIRE-03] [WIRE-04] [WIRE-05]", async (t) => {
    const server = await serveEcho(served);
    try {
      const checks = await runPeer([python, pythonProgram("echo_client.py"), served]);
      for (const { check, error } of checks) await t.test(check, () => assert.equal(error, ""));
    } finally {
      await server.close();
    }
  });
});
