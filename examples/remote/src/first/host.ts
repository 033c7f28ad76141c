// A host that plugins of this machine dial in to: node host.js [HOST:PORT]
import { writeFileSync } from "node:fs";
import { kv } from "@tenon/example-kv/contract";
import { createHost } from "@tenon/host";
import { type BindEvent, createTokens, requireToken } from "@tenon/host/bind";

const tokens = createTokens();
const { token } = tokens.issue({ plugin: "kv", expiresInMs: 3_600_000 });
writeFileSync("token", token, { mode: 0o600 });

const host = createHost();
const listener = await host.listen({
  address: process.argv[2] ?? "127.0.0.1:7443",
  contracts: [kv],
  admit: requireToken(tokens),
  onEvent: (event) => void greet(event).catch(console.error),
});
console.log(`The host listens at ${listener.address}. The plugin's token is in the file "token".`);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void host.stop());

async function greet({ kind, id, reason }: BindEvent): Promise<void> {
  console.log(`${id} ${kind}: ${reason}`);
  if (kind !== "ready") return;
  const client = listener.session(id, kv)!.client("kv");
  await client.put({ key: "hello", value: Buffer.from("world") });
  const { value } = await client.get({ key: "hello" });
  console.log(`${id} has for hello: ${Buffer.from(value).toString()}`);
}
