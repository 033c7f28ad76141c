import { setTimeout as sleep } from "node:timers/promises";
import { servePage } from "./serve-page.js";

await using page = await servePage();
console.log(`Open ${page.url} in a browser. Ends when the page has answered, or after a minute.`);
for (let i = 0; i < 600 && page.session() === undefined; i++) await sleep(100);
const client = page.session()?.client("kv");
if (client === undefined) {
  console.log("Nobody has opened it.");
} else {
  await client.put({ key: "greeting", value: Buffer.from("hello from the host") });
  const { value } = await client.get({ key: "greeting" });
  console.log(`The page keeps: ${Buffer.from(value).toString()}`);
}
