import { access, open, readFile, stat } from "node:fs/promises";
import { sep } from "node:path";
import { executableHeaderBytes, readExecutableHeader } from "./executable-header.js";

/** A reason why the system cannot run a file, found by looking at it. */
export interface ExecutableFault {
  readonly code: "executable-not-found" | "executable-not-runnable" | "executable-format";
  /** What is wrong and what to do, as one or two sentences. */
  readonly sentence: string;
}

/** The machine that should have run the file. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
}

const formatOf: Partial<Record<NodeJS.Platform, string>> = { linux: "elf", darwin: "mach-o", win32: "pe" };
const systemOf: Readonly<Record<string, string>> = { elf: "Linux", "mach-o": "macOS", pe: "Windows" };
/** An x64 or arm64 kernel also runs these. */
const alsoRuns: Readonly<Record<string, readonly string[]>> = { x64: ["ia32"], arm64: ["arm"] };

/**
 * Looks for the reason why `file` did not run: its format and architecture against this machine, the loader or `#!`
 * interpreter that it names, the mount it lies on. Undefined where the file looks right. Never throws.
 */
export async function inspectExecutable(file: string, machine: Machine): Promise<ExecutableFault | undefined> {
  try {
    return (await inspectMount(file)) ?? (await inspectContent(file, machine));
  } catch {
    return undefined;
  }
}

async function inspectContent(file: string, machine: Machine): Promise<ExecutableFault | undefined> {
  const handle = await open(file, "r");
  try {
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    };
    const kind = readExecutableHeader(await read(0, executableHeaderBytes));
    switch (kind.format) {
      case "empty":
        return fault(`${file} is empty. Build or copy the plugin again.`);
      case "unknown":
        break;
      case "script":
        return await inspectInterpreter(file, kind.interpreter);
      case "elf":
      case "mach-o":
      case "pe": {
        const wrong = inspectArchitecture(file, kind.format, kind.architectures, machine);
        if (wrong !== undefined || kind.format !== "elf" || kind.interpreterAt === undefined) return wrong;
        const { offset, length } = kind.interpreterAt;
        if (length > 4096) return undefined;
        const loader = (await read(offset, length)).toString("utf8").replace(/\0.*$/s, "");
        if (await exists(loader)) return undefined;
        return fault(
          `${file} needs the loader ${loader}, which this system does not have. ` +
            "Link the plugin statically, or against the C library of this system.",
        );
      }
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

function inspectArchitecture(
  file: string,
  format: string,
  architectures: readonly string[],
  { platform, architecture }: Machine,
): ExecutableFault | undefined {
  const expected = formatOf[platform];
  if (expected !== undefined && format !== expected) {
    return fault(`${file} is a program for ${systemOf[format]}; this machine runs ${platform}. Use a build for it.`);
  }
  const runs = [architecture, ...(alsoRuns[architecture] ?? [])];
  if (architectures.some((each) => runs.includes(each))) return undefined;
  return fault(
    `${file} was built for ${architectures.join(" and ")}; this machine is ${architecture}. Use a build for it.`,
  );
}

async function inspectInterpreter(file: string, interpreter: string): Promise<ExecutableFault | undefined> {
  if (interpreter.endsWith("\r")) {
    return fault(
      `The first line of ${file} ends in a carriage return, so the system looks for an interpreter of that name. ` +
        "Save the file with line ends of the form \\n.",
    );
  }
  if (interpreter === "") return fault(`The first line of ${file} names no interpreter after "#!".`);
  if (await exists(interpreter)) return undefined;
  return fault(
    `The first line of ${file} names the interpreter ${interpreter}, which does not exist. Install or correct it.`,
  );
}

/** A mount with `noexec` refuses even files with the right permissions. */
async function inspectMount(file: string): Promise<ExecutableFault | undefined> {
  const { mode } = await stat(file);
  const mounts = await readFile("/proc/self/mounts", "utf8").catch(() => "");
  let point = "";
  let options = "";
  for (const line of mounts.split("\n")) {
    const [, rawPoint = "", , lineOptions = ""] = line.split(" ");
    const mountPoint = rawPoint.replace(/\\040/g, " ");
    const holdsFile = file === mountPoint || file.startsWith(mountPoint.endsWith(sep) ? mountPoint : mountPoint + sep);
    // Later mounts cover earlier ones at the same place.
    if (mountPoint !== "" && holdsFile && mountPoint.length >= point.length) {
      point = mountPoint;
      options = lineOptions;
    }
  }
  if ((mode & 0o111) === 0) {
    return {
      code: "executable-not-runnable",
      sentence: `${file} has no execute permission. Run chmod +x on it, or start it through its interpreter.`,
    };
  }
  if (!options.split(",").includes("noexec")) return undefined;
  return {
    code: "executable-not-runnable",
    sentence: `${file} lies on ${point}, which is mounted with noexec. Move the plugin to another file system.`,
  };
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function fault(sentence: string): ExecutableFault {
  return { code: "executable-format", sentence };
}
