import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { listFiles, prose, read, root } from "./pages.js";

const links = /\[[^\]]*\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)|(?:src|href|srcset)="([^"]+)"/g;

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose(page).matchAll(/^#+ +(.*)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

for (const page of listFiles(".md")) {
  test(`the links of ${page} lead somewhere`, () => {
    for (const [, inText, inTag] of prose(page).matchAll(links)) {
      const link = inText ?? inTag ?? "";
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      assert.ok(existsSync(join(root, target)), `${link}: there is no ${target}`);
      if (anchor === undefined || statSync(join(root, target)).isDirectory()) continue;
      assert.ok(anchorsOf(target).has(anchor), `${link}: ${target} has no heading for #${anchor}`);
    }
  });

  test(`the scripts that ${page} tells to run exist`, () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [, script = ""] of read(page).matchAll(/npm run ([\w:-]+)/g)) {
      assert.ok(Object.hasOwn(scripts, script), `npm run ${script}`);
    }
  });
}
