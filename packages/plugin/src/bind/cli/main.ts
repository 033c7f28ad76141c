#!/usr/bin/env node
import { runTenonBind } from "./command.js";

process.exitCode = await runTenonBind({
  args: process.argv.slice(2),
  env: process.env,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  onSignal: (listener) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => listener(signal));
  },
  onExit: (listener) => void process.on("exit", listener),
  exit: (code) => process.exit(code),
});
