import assert from "node:assert/strict";
import { test } from "node:test";
import { listFiles, read, tableRows } from "./pages.js";

const page = "docs/limits.md";
const packages = ["core", "wire", "plugin", "host"];
/** Entries beside the main one whose options are no part of it. */
const otherEntries: Readonly<Record<string, readonly string[]>> = {
  host: ["services/index.ts", "bind/index.ts"],
  plugin: ["pie/index.ts", "bind/index.ts"],
  wire: ["json-rpc/index.ts", "direct/index.ts"],
};
const isLimit = /^(?:max[A-Z]\w*|\w+Bytes|\w+Ms)$/;

/** `Owner.option` to the default that its doc comment states, where it states a figure. */
function findOptions(): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const name of packages) {
    const entries = ["index.ts", ...(otherEntries[name] ?? [])];
    const index = entries.map((entry) => read(`packages/${name}/src/${entry}`)).join("\n");
    const exported = new Set(
      [...index.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, names = ""]) =>
        names.split(",").map((each) => each.trim().replace(/^type /, "")),
      ),
    );
    const files = listFiles(".ts").filter((file) => file.startsWith(`packages/${name}/src/`));
    for (const file of files.filter((each) => !each.endsWith(".test.ts"))) {
      for (const [, owner = "", body = ""] of read(file).matchAll(/^export interface (\w+)[^{\n]* \{\n(.*?)^\}/gms)) {
        if (!exported.has(owner)) continue;
        for (const member of body.matchAll(/(\/\*\*(?:(?!\*\/).)*\*\/)?\s+(?:readonly )?(\w+)\?: number;/gs)) {
          const [, comment = "", option = ""] = member;
          if (isLimit.test(option)) found.set(`${owner}.${option}`, statedDefault(comment));
        }
        for (const [, method = "", option = ""] of body.matchAll(/^ {2}(\w+)\([^)]*\b(\w+)\?: number/gm)) {
          if (isLimit.test(option)) found.set(`${owner}.${method}.${option}`, undefined);
        }
      }
    }
  }
  return found;
}

function statedDefault(comment: string): string | undefined {
  const [, text] =
    /Default:?\s+(?:\*\s+)?(none|[\d.^-]+(?: (?:[KM]iB|years))?)/.exec(comment.replace(/\n\s+\* /g, " ")) ?? [];
  return text?.replace(/\.$/, "");
}

/** Figures are written with thin groups on the page and without in the code. */
const plain = (figure: string) => figure.replaceAll("−", "-").replace(/(?<=\d) (?=\d{3})/g, "");

/** Rows by `Owner.option`; the owner is the heading above, the method a part of the option's name. */
function findRows(): Map<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const section of read(page).split(/^## /m)) {
    const [, owner] = /^[^\n]*`(\w+)`/.exec(section) ?? [];
    if (owner === undefined) continue;
    for (const row of tableRows(section)) {
      const [, option = ""] = /^`([\w.]+)`$/.exec(row[0] ?? "") ?? [];
      rows.set(`${owner}.${option}`, row);
    }
  }
  return rows;
}

const options = findOptions();
const rows = findRows();

test("every limit that can be set is listed, and what is listed can be set", () => {
  assert.ok(options.size > 20);
  const missing = [...options.keys()].filter((name) => !rows.has(name));
  const unknown = [...rows.keys()].filter((name) => !options.has(name));
  assert.deepEqual({ missing, unknown }, { missing: [], unknown: [] });
});

test("the defaults listed are those of the doc comments", () => {
  for (const [name, stated] of options) {
    if (stated === undefined) continue;
    assert.equal(plain(rows.get(name)?.[1] ?? ""), stated, name);
  }
});

test("every row says its default, what happens at the limit, and go-plugin's twin", () => {
  for (const [name, cells] of rows) {
    assert.equal(cells.length, 4, name);
    for (const cell of cells) assert.notEqual(cell, "", name);
  }
});

test("the fixed limits are those of the code", () => {
  const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 };
  const [, section = ""] = read(page).split(/^## Fixed$/m);
  for (const [constant = "", value = "", where = ""] of tableRows(section.split(/^## /m)[0]!)) {
    const name = constant.replaceAll("`", "");
    const [, file = ""] = /\]\(\.\.\/([^)]+)\)/.exec(where) ?? [];
    const [, written = ""] = new RegExp(`\\b${name}(?: =|:) ([\\d_* ]+)[;,]`).exec(read(file)) ?? [];
    const inCode = written
      .replaceAll("_", "")
      .split("*")
      .reduce((product, factor) => product * Number(factor), 1);
    const [figure = "", unit = ""] = value.replace(/(?<=\d) (?=\d{3})/g, "").split(" ");
    assert.equal(Number(figure) * (units[unit] ?? 1), inCode, name);
  }
});
