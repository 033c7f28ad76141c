// A shop whose plugins, wherever they run, use its one connection to its database.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "./database.js";
import { launches } from "./launches.js";
import { awardByAll, fill } from "./shop.js";

const directory = mkdtempSync(join(tmpdir(), "tenon-shop-"));
const database = openDatabase(join(directory, "shop.db"));
try {
  fill(database);
  for (const [launcher, points] of await awardByAll(database, launches, "Ada")) {
    console.log(`${launcher.padEnd(8)} Ada has ${points} points; ${database.queriesBy.get(launcher)} queries`);
  }
  console.log("the database says", database.all("SELECT customer, points FROM points"));
} finally {
  database.close();
  rmSync(directory, { recursive: true });
}
