#!/usr/bin/env node
import { runBundleCommand } from "./command.js";

process.exitCode = await runBundleCommand({
  args: process.argv.slice(2),
  cwd: process.cwd(),
  v8: process.versions.v8,
  arch: process.arch,
  node: process.execPath,
  env: process.env,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
