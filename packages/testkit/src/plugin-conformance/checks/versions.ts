import { type Check, inapplicable, verdict } from "../../conformance/check.js";
import { noVersion, type PluginSubject, type Variation } from "../subject.js";

const area = "versions";
const needs = ["handshake-line", "handshake-version"];
const rule = "VER-01; go-plugin: PLUGIN_PROTOCOL_VERSIONS";

/** Starts the plugin with a list of versions and tells its answer. */
async function answered(subject: PluginSubject, list: string): Promise<number> {
  const variation: Variation = { env: { PLUGIN_PROTOCOL_VERSIONS: list } };
  const { line, process } = await subject.start(variation);
  await process.kill();
  return Number(line.fields[1]);
}

const compare = (answer: number, wanted: number) => verdict(answer === wanted, `version ${answer}`);

/** How a plugin chooses the version that it serves. */
export const versionChecks: readonly Check<PluginSubject>[] = [
  {
    id: "version-highest",
    area,
    title: "of several offered versions the plugin serves its highest",
    rule,
    level: "must",
    needs,
    expects: "its highest version, in whatever order the host lists them",
    next: "Walk the plugin's own versions from high to low and take the first that the host lists, as a number.",
    run: async (subject) => {
      const own = await subject.versions();
      return compare(await answered(subject, [...own, noVersion].join(",")), own.at(-1)!);
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
    run: async (subject) => {
      const [lowest, ...others] = await subject.versions();
      if (others.length === 0) return inapplicable("it has one version");
      return compare(await answered(subject, `${lowest}`), lowest!);
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
    run: async (subject) => {
      const [lowest] = await subject.versions();
      return compare(await answered(subject, `${noVersion}`), lowest!);
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
    run: async (subject) => {
      const [lowest] = await subject.versions();
      const { line } = await subject.withoutVersions();
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
    run: async (subject) => {
      const highest = (await subject.versions()).at(-1)!;
      return compare(await answered(subject, `abc,,1.5,${highest}`), highest);
    },
  },
];
