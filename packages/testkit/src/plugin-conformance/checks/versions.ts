import { type Check, inapplicable, verdict } from "../../conformance/check.js";
import { noVersion, type PluginBench, type Variation } from "../bench.js";

const area = "versions";
const needs = ["handshake-line", "handshake-version"];
const rule = "VER-01; go-plugin: PLUGIN_PROTOCOL_VERSIONS";

/** Starts the plugin with a list of versions and tells its answer. */
async function answered(bench: PluginBench, list: string): Promise<number> {
  const variation: Variation = { env: { PLUGIN_PROTOCOL_VERSIONS: list } };
  const { line, process } = await bench.start(variation);
  await process.kill();
  return Number(line.fields[1]);
}

const compare = (answer: number, wanted: number) => verdict(answer === wanted, `version ${answer}`);

/** How a plugin chooses the version that it serves. */
export const versionChecks: readonly Check<PluginBench>[] = [
  {
    id: "version-highest",
    area,
    title: "of several offered versions the plugin serves its highest",
    rule,
    level: "must",
    needs,
    expects: "its highest version, in whatever order the host lists them",
    next: "Walk the plugin's own versions from high to low and take the first that the host lists, as a number.",
    run: async (bench) => {
      const own = await bench.versions();
      return compare(await answered(bench, [...own, noVersion].join(",")), own.at(-1)!);
    },
  },
  {
    id: "version-single",
    area,
    title: "the plugin serves an older version where the host offers only that",
    rule,
    level: "must",
    needs,
    expects: "its lowest version, the only one offered",
    next: "Compare with the host's list before choosing.",
    run: async (bench) => {
      const [lowest, ...others] = await bench.versions();
      if (others.length === 0) return inapplicable("it has one version");
      return compare(await answered(bench, `${lowest}`), lowest!);
    },
  },
  {
    id: "version-none-in-common",
    area,
    title: "without a version in common the plugin serves its lowest and leaves the complaint to the host",
    rule: "VER-02; go-plugin: the plugin never exits on a mismatch",
    level: "must",
    needs,
    expects: "a line with its lowest version",
    next: "Print the lowest version instead of ending: the host's error names both sides' versions.",
    run: async (bench) => {
      const [lowest] = await bench.versions();
      return compare(await answered(bench, `${noVersion}`), lowest!);
    },
  },
  {
    id: "version-no-list",
    area,
    title: "without a list, as from hosts before v1.0, the plugin serves its lowest version",
    rule: "VER-02, ENV-09",
    level: "must",
    needs,
    expects: "a line with its lowest version",
    next: "Take a missing PLUGIN_PROTOCOL_VERSIONS for an empty list.",
    run: async (bench) => {
      const [lowest] = await bench.versions();
      const { line } = await bench.withoutVersions();
      return compare(Number(line.fields[1]), lowest!);
    },
  },
  {
    id: "version-garbage",
    area,
    title: "tokens of the list that are no integers are passed over",
    rule: "ENV-11; go-plugin: a note on standard error",
    level: "must",
    needs,
    expects: "its highest version, which is the one good token",
    next: "Skip what is no decimal integer, and read on.",
    run: async (bench) => {
      const highest = (await bench.versions()).at(-1)!;
      return compare(await answered(bench, `abc,,1.5,${highest}`), highest);
    },
  },
];
