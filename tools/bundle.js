// node tools/bundle.js DIR: writes the packages to DIR as they are published. Their entry points are bundles with all that they need from
// other packages inside, since Node takes longer to find and read some hundred files than to run them. Bundlers, which know the condition
// "module", get the files that tsc wrote, so that a program bundled with Tenon holds one copy of everything.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { fastDescriptors } from "../packages/plugin/dist/bundle/fast-descriptors.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "node";
const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  // Names stay: they are what a stack shows.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  logLevel: "warning",
};

/** Packages that are found where they are installed: all but ours and the two that ours stand on. */
const leaveOutOthers = {
  name: "leave-out-others",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      const isTaken =
        kind === "entry-point" || /^(?:@tenon|@bufbuild\/protobuf|@connectrpc\/connect)(?:\/|$)/.test(path);
      return isTaken ? undefined : { path, external: true };
    });
  },
};

/**
 * How the entries of a package are bundled. `shared`: what several of them need is in files of its own, once, late parts too; classes
 * and symbols are the same in all. `alone`: each is one file, and late parts are bundled among themselves, so what both need is there
 * twice; loaded fastest, and right where nothing but plain objects passes between the two.
 */
const ways = { core: shared, wire: shared, plugin: alone, host: alone };

async function shared(entryPoints, outdir) {
  const plugins = [leaveOutOthers, fastDescriptors()];
  await build({ ...common, entryPoints, outdir, chunkNames: "chunks/[name]-[hash]", splitting: true, plugins });
}

async function alone(entryPoints, outdir) {
  const late = {};
  const leaveOut = {
    name: "leave-out-late-parts",
    setup({ onResolve }) {
      onResolve({ filter: /^[.]/ }, ({ path, kind, resolveDir }) => {
        if (kind !== "dynamic-import") return undefined;
        const file = join(resolveDir, path);
        const name = relative(join(root, "packages"), file)
          .replace(/dist.|\.js$/g, "")
          .replaceAll(sep, "-");
        late[name] = file;
        return { path: `./late/${name}.js`, external: true };
      });
      onResolve({ filter: /^@tenon.wire/ }, ({ path, kind }) => {
        if (kind !== "dynamic-import") return undefined;
        const name = path.replace("@tenon/", "").replaceAll("/", "-");
        late[name] = path;
        return { path: `./late/${name}.js`, external: true };
      });
    },
  };
  await build({ ...common, entryPoints, outdir, plugins: [leaveOut, leaveOutOthers, fastDescriptors()] });
  if (Object.keys(late).length > 0) await shared(late, join(outdir, "late"));
}

/** Writes the bundles of a package and returns its exports, which lead to them. */
async function bundle(from, to, exports, way) {
  // No folders, so that late parts are at the same place for all.
  const nameOf = (path) => path.replace(/^\.\/dist\/|\.js$/g, "").replaceAll("/", "-");
  const paths = Object.values(exports).map((each) => each.default);
  await way(Object.fromEntries(paths.map((path) => [nameOf(path), join(from, path)])), join(to, "dist", folder));
  const lead = ([name, { types, default: path }]) => [
    name,
    { types, module: path, default: `./dist/${folder}/${nameOf(path)}.js` },
  ];
  return Object.fromEntries(Object.entries(exports).map(lead));
}

/** The files of a package that npm would take: what `files` names, and what it always takes. */
function copy(from, to, { files }) {
  const left = files.filter((each) => each.startsWith("!")).map((each) => new RegExp(pattern(each.slice(1))));
  const isTaken = (path) => !left.some((each) => each.test(relative(from, path)));
  for (const name of files.filter((each) => !each.startsWith("!"))) {
    cpSync(join(from, name), join(to, name), { recursive: true, filter: isTaken });
  }
  for (const name of readdirSync(from).filter((each) => each.startsWith("README")))
    cpSync(join(from, name), join(to, name));
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
}

const pattern = (glob) =>
  `^${glob.replace(/[.]/g, "\\.").replace(/\*\*\/|\*/g, (stars) => (stars === "*" ? "[^/]*" : "(.*/)?"))}$`;

const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error("node tools/bundle.js DIR");
  process.exit(2);
}
for (const name of readdirSync(join(root, "packages"))) {
  const from = join(root, "packages", name);
  const to = join(target, name);
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  mkdirSync(to, { recursive: true });
  copy(from, to, manifest);
  const way = ways[name];
  const exports = way === undefined ? manifest.exports : await bundle(from, to, manifest.exports, way);
  const { devDependencies: _, ...published } = manifest;
  writeFileSync(join(to, "package.json"), `${JSON.stringify({ ...published, exports }, undefined, 2)}\n`);
}
