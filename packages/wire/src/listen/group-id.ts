import { readFileSync } from "node:fs";
import { TenonError } from "@tenon/core";

/**
 * The numeric id of a group given by name or number, as in `PLUGIN_UNIX_SOCKET_GROUP`. Names are looked up in
 * `/etc/group`, then with the system's `getent`, which knows groups of a directory service too.
 *
 * @throws {@link TenonError} `listen-failed` when there is no such group
 */
export async function findGroupId(group: string, plugin: string, owner = `The plugin "${plugin}"`): Promise<number> {
  if (/^[0-9]+$/.test(group)) return Number(group);
  const id = parseGroupLines(readGroupFile(), group) ?? parseGroupLines(await askSystem(group), group);
  if (id !== undefined) return id;
  throw new TenonError(
    "listen-failed",
    `${owner} cannot give a socket to the group ${JSON.stringify(group)}: there is no such group here. ` +
      "Name one that exists, or give its number.",
    { plugin, facts: { group } },
  );
}

/** Finds a group in the text of a group file. */
export function parseGroupLines(text: string, group: string): number | undefined {
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    if (name === group && id !== undefined && /^[0-9]+$/.test(id)) return Number(id);
  }
  return undefined;
}

function readGroupFile(): string {
  try {
    return readFileSync("/etc/group", "utf8");
  } catch {
    return "";
  }
}

async function askSystem(group: string): Promise<string> {
  const { execFile } = await import("node:child_process");
  return new Promise((resolve) => {
    execFile("getent", ["group", "--", group], { timeout: 5000 }, (error, stdout) =>
      resolve(error === null ? stdout : ""),
    );
  });
}
