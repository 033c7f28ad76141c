import assert from "node:assert/strict";
import { test } from "node:test";
import { listFiles, read, tableRows } from "./pages.js";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

test("every dependency has its line with a reason and a runner-up, and no other has", () => {
  const manifests = listFiles("package.json").map((file) => JSON.parse(read(file)) as Manifest);
  const used = manifests
    .flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies }))
    .filter((name) => !name.startsWith("@tenon/"));
  const listed = tableRows(read("docs/decisions/0001-dependencies.md")).map(([name = "", ...reasons]) => {
    for (const reason of reasons) assert.notEqual(reason, "", name);
    return name.replaceAll("`", "");
  });
  assert.deepEqual(listed.toSorted(), [...new Set(used)].toSorted());
});

test("every decision is in the list, in order", () => {
  const pages = listFiles(".md")
    .filter((page) => /^docs\/decisions\/\d/.test(page))
    .map((page) => page.split("/").at(-1)!)
    .toSorted();
  const listed = [...read("docs/decisions/README.md").matchAll(/\]\((\d{4}-[a-z0-9-]+\.md)\)/g)].map(
    ([, page]) => page,
  );
  assert.deepEqual(listed, pages);
});
