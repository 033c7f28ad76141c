import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { read, root } from "./pages.js";

const row = (name: string, callers: number, callsPerSecond: number, p50Us: number, p99Us: number) => {
  return { group: "calls", name, callers, payloadBytes: 64, callsPerSecond, p50Us, p99Us };
};
const result = {
  machine: { cpus: 2, cpu: "a processor", node: "v20.20.2", os: "linux x64" },
  rows: [
    // Another group may have a row of the same name.
    { ...row("tenon-tenon", 1, 1, 1, 1), group: "another" },
    row("tenon-tenon", 1, 10_000, 70.4, 150.2),
    row("tenon-tenon", 64, 300_000, 200, 400),
    row("go-go", 1, 9000, 90, 180),
    row("go-go", 64, 60_000, 900, 2000),
  ],
  ratios: { "tenon-tenon/go-go@64": 5 },
};

const table = (page: string) => /<!-- figures:begin -->\n(.*?)\n?<!-- figures:end -->/s.exec(page)?.[1];

test("tools/figures.js fills the table of each README and changes nothing else", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "figures-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const json = join(folder, "result.json");
  writeFileSync(json, JSON.stringify(result));
  const pages = ["README.md", "README.zh-CN.md"];
  for (const page of pages) writeFileSync(join(folder, page), read(page));

  const fill = () => spawnSync(process.execPath, [join(root, "tools/figures.js"), json, folder], { encoding: "utf8" });
  const { status, stderr } = fill();
  assert.equal(status, 0, stderr);
  for (const page of pages) {
    const filled = readFileSync(join(folder, page), "utf8");
    assert.match(table(filled)!, /\| +70 µs \| +150 µs \| +300,000 \| +5\.0 × \|/);
    assert.equal(filled.replace(table(filled)!, ""), read(page).replace(table(read(page))!, ""));
    assert.equal(fill().status, 0);
    assert.equal(readFileSync(join(folder, page), "utf8"), filled);
  }
});

test("both READMEs show the same figures", () => {
  const figures = (page: string) => [...table(read(page))!.matchAll(/[\d,.]+ (?:µs|×)|\d+,\d{3}/g)].map(String);
  assert.deepEqual(figures("README.md"), figures("README.zh-CN.md"));
});

test("tools/figures.js fills the table of what logs cost, and leaves the READMEs alone", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "figures-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const json = join(folder, "result.json");
  const names = ["bind", "bind-neighbour", "process", "process-neighbour"];
  const logs = { offered: 2000, taken: 500, dropped: 1500, offeredPerSecond: 99_000 };
  const rows = names.flatMap((name) =>
    ["quiet", "small-logs", "large-logs"].flatMap((shape) =>
      [64, 1].map((callers) => ({ ...logs, group: "logs", name, shape, callers, p50Us: callers * 100, p99Us: 12_345 })),
    ),
  );
  writeFileSync(json, JSON.stringify({ machine: result.machine, rows }));
  const page = "docs/guides/bind.md";
  mkdirSync(join(folder, "docs/guides"), { recursive: true });
  writeFileSync(join(folder, page), read(page));
  const { status, stderr } = spawnSync(process.execPath, [join(root, "tools/figures.js"), json, folder], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const filled = readFileSync(join(folder, page), "utf8");
  const line = /\| 8 KiB +\| +100 µs \| +12\.3 ms \| +6\.4 ms \| +12\.3 ms \| +99,000 \| +25 % \|/g;
  assert.equal(table(filled)!.match(line)?.length, names.length);
  assert.equal(filled.replace(table(filled)!, ""), read(page).replace(table(read(page))!, ""));
});
