import { createHost, type Launch } from "@tenon/host";
import { shop } from "./contract.js";
import type { ShopDatabase } from "./database.js";

/** Makes the tables, with the orders of two customers. */
export function fill(database: ShopDatabase): void {
  database.all("CREATE TABLE orders (customer TEXT NOT NULL, cents INTEGER NOT NULL)");
  database.all("CREATE TABLE points (customer TEXT PRIMARY KEY, points INTEGER NOT NULL)");
  for (const [customer, cents] of [
    ["Ada", 1250],
    ["Ada", 3000],
    ["Grace", 999],
  ] as const) {
    database.all("INSERT INTO orders VALUES (?, ?)", customer, cents);
  }
}

/** Starts the plugin once with each launch, lets each award points, and returns how many a customer has after each. */
export async function awardByAll(
  database: ShopDatabase,
  launches: Readonly<Record<string, Launch>>,
  customer: string,
): Promise<ReadonlyMap<string, bigint>> {
  await using host = createHost();
  const points = new Map<string, bigint>();
  for (const [name, launch] of Object.entries(launches)) {
    const session = await host.start(shop, launch, { name, hostServices: { database: database.readWrite } });
    points.set(name, (await session.client("loyalty").award({ customer })).points);
    await session.stop();
  }
  return points;
}
