// The plugin as a process that dials in: node dial-in.js HOST:PORT FOLDER [NAME]
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runBind } from "@tenon/plugin/bind";
import plugin, { logger } from "./plugin.js";

const [to = "127.0.0.1:7443", folder = ".", name = "kv-typescript"] = process.argv.slice(2);
const read = (file: string) => readFileSync(join(folder, file));

await runBind(plugin, {
  to,
  name,
  version: "1.0.0",
  instance: `${name}-0`,
  tokenFile: join(folder, "token"),
  tls: { ca: read("ca.crt"), cert: read("tls.crt"), key: read("tls.key") },
  logger,
});
