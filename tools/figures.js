// node tools/figures.js FILE.json [FOLDER]: puts the figures of `npm run bench -- --json FILE.json` into the tables of both READMEs, and of
// the guide that shows what logs cost, as far as the file has them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [file, folder = root] = process.argv.slice(2);
if (file === undefined) {
  console.error("node tools/figures.js FILE.json [FOLDER]");
  process.exit(2);
}
const { machine, rows } = JSON.parse(readFileSync(file, "utf8"));
const inGroup = (group) => rows.filter((row) => row.group === group);
const base = "go-go";

const english = {
  head: ["host → plugin", "one caller: p50", "p99", "64 callers: calls/s", `against ${base}`],
  names: {
    "raw-socket": "raw socket echo, no RPC",
    "tenon-tenon": "**Tenon → Tenon**",
    "tenon-go": "Tenon → Go plugin",
    "go-tenon": "Go host → Tenon",
    "go-go": "Go host → Go plugin (`go-go`)",
    "grpc-js": "`@grpc/grpc-js` to itself",
    "connect-node": "`@connectrpc/connect-node` to itself",
  },
  about: ({ cpus, node, os }) => `One run on ${cpus} CPUs, Node ${node}, ${os}: medians of rounds taken in turn.`,
};
const chinese = {
  head: ["宿主 → 插件", "单个调用者：p50", "p99", "64 个调用者：次/秒", `与 ${base} 相比`],
  names: {
    "raw-socket": "裸套接字回显，无 RPC",
    "tenon-tenon": "**Tenon → Tenon**",
    "tenon-go": "Tenon → Go 插件",
    "go-tenon": "Go 宿主 → Tenon",
    "go-go": "Go 宿主 → Go 插件（`go-go`）",
    "grpc-js": "`@grpc/grpc-js` 自身互调",
    "connect-node": "`@connectrpc/connect-node` 自身互调",
  },
  about: ({ cpus, node, os }) => `同一次运行，${cpus} 个 CPU，Node ${node}，${os}；各轮交替测量，取中位数。`,
};

const formatRatio = (ratio) => ratio.toFixed(ratio < 1 ? 2 : 1);

function table({ head, names, about }) {
  const find = (name, callers) => inGroup("calls").find((row) => row.name === name && row.callers === callers);
  const us = (value) => `${Math.round(value).toLocaleString("en")} µs`;
  const lines = Object.entries(names).flatMap(([name, title]) => {
    const [one, many] = [find(name, 1), find(name, 64)];
    if (one === undefined || many === undefined) return [];
    const against = find(base, 64);
    const ratio = against === undefined ? "–" : `${formatRatio(many.callsPerSecond / against.callsPerSecond)} ×`;
    return [[title, us(one.p50Us), us(one.p99Us), many.callsPerSecond.toLocaleString("en"), ratio]];
  });
  const format = (cells) => `| ${cells.join(" | ")} |`;
  const rule = format(head.map((_, column) => (column === 0 ? "---" : "---:")));
  return [format(head), rule, ...lines.map(format), "", about(machine)].join("\n");
}

const logsTitles = {
  bind: "dialled in, and logs over the link",
  "bind-neighbour": "dialled in, beside it",
  process: "started by the host, and logs to standard error",
  "process-neighbour": "started by the host, beside it",
};
const shapeTitles = { quiet: "none", "small-logs": "64 bytes", "large-logs": "8 KiB" };

/** What logs cost the calls, and what became of the records. */
function logsTable() {
  const number = (value) => Math.round(value).toLocaleString("en");
  const us = (value) => (value < 1000 ? `${number(value)} µs` : `${(value / 1000).toFixed(1)} ms`);
  const find = (name, shape) => inGroup("logs").filter((row) => row.name === name && row.shape === shape);
  const share = (of, all) => (all === 0 ? "–" : `${Math.floor((of / all) * 100)} %`);
  const lines = Object.entries(logsTitles).flatMap(([name, title]) =>
    Object.entries(shapeTitles).map(([shape, logs]) => {
      const [one, many] = find(name, shape).sort((a, b) => a.callers - b.callers);
      const [offered, taken] = [one.offered + many.offered, one.taken + many.taken];
      const rate = offered === 0 ? "–" : number((one.offeredPerSecond + many.offeredPerSecond) / 2);
      return [title, logs, us(one.p50Us), us(one.p99Us), us(many.p50Us), us(many.p99Us), rate, share(taken, offered)];
    }),
  );
  const head = ["the plugin that is called", "records", "one caller: p50", "p99", "64 callers: p50", "p99"];
  const format = (cells) => `| ${cells.join(" | ")} |`;
  const all = [...head, "logged a second", "reached the host"];
  const rule = format(all.map((_, column) => (column < 2 ? "---" : "---:")));
  return [format(all), rule, ...lines.map(format), "", english.about(machine)].join("\n");
}

const tables = {
  ...(inGroup("calls").length > 0 && { "README.md": () => table(english), "README.zh-CN.md": () => table(chinese) }),
  ...(inGroup("logs").length > 0 && { "docs/guides/bind.md": logsTable }),
};
for (const [page, make] of Object.entries(tables)) {
  const path = join(folder, page);
  const text = readFileSync(path, "utf8");
  const [begin, end] = ["<!-- figures:begin -->", "<!-- figures:end -->"];
  if (!text.includes(begin) || !text.includes(end)) throw new Error(`${path} has no place for figures`);
  const [before] = text.split(begin);
  const [, after] = text.split(end);
  writeFileSync(path, `${before}${begin}\n\n${make()}\n\n${end}${after}`);
}
