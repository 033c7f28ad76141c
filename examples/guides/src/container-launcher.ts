import { spawn } from "node:child_process";
import { once } from "node:events";
import { type ExitFacts, type Launcher, type LaunchRequest } from "@tenon/host";

/** What a plugin in a container is made of. */
export interface ContainerOptions {
  readonly image: string;
  /** `docker`, `podman`, or whatever takes the same arguments. */
  readonly engine?: string;
  /** Where the container sees the directory of the plugin's socket. */
  readonly socketDir?: string;
}

/** Variables of the host's system that have no meaning inside the image. */
const local = new Set(["PATH", "HOME", "TMPDIR", "PWD", "SHELL", "USER"]);

/** Runs a plugin in a container without a network; its command is one inside the image. */
export function containerLauncher(options: ContainerOptions): Launcher {
  const { image, engine = "docker", socketDir: inside = "/run/tenon" } = options;

  return {
    name: `container ${image}`,
    capabilities: { isolation: "sandbox" },

    async start(request) {
      const { command, env, socketDir: outside, instance, stdin } = request;
      if (outside === undefined) throw new Error("a container needs a socket directory");
      const name = `${instance}-${process.pid}`.replaceAll(/[^\w.-]/g, "_");
      const child = spawn(
        engine,
        [
          "run",
          "--rm",
          `--name=${name}`,
          "--network=none",
          ...(stdin === "ignore" ? [] : ["--interactive"]),
          `--volume=${outside}:${inside}`,
          ...Object.keys(environment(request)).map((key) => `--env=${key}`),
          image,
          ...command,
        ],
        {
          // The engine takes the values from its own environment: arguments can be read by every user.
          env: { ...env, PLUGIN_UNIX_SOCKET_DIR: inside },
          stdio: [stdin === "lifeline" ? "pipe" : stdin, "pipe", "pipe"],
        },
      );
      const exited = new Promise<ExitFacts>((resolve) => {
        child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
      });
      await once(child, "spawn", { signal: request.signal });
      for (const stream of [child, child.stdin, child.stdout, child.stderr]) stream?.on("error", () => {});

      return {
        pid: child.pid!,
        stdout: child.stdout!,
        stderr: child.stderr!,
        exited,
        signal(signal) {
          if (signal === "SIGCONT") return true;
          const args = signal === "SIGKILL" ? ["kill", name] : ["kill", "--signal", signal, name];
          // In the background, with a child of its own: the host may be about to exit.
          spawn(engine, args, { stdio: "ignore", detached: true, env })
            .on("error", () => {})
            .unref();
          return signal === "SIGTERM" || child.kill("SIGKILL");
        },
        release() {
          child.stdin?.destroy();
          child.stdout?.destroy();
          child.stderr?.destroy();
        },
        toHost: ({ network, address }) => ({ network, address: address.replace(inside, outside) }),
        toPlugin: ({ network, address }) => ({ network, address: address.replace(outside, inside) }),
      };
    },
  };
}

function environment({ env }: LaunchRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !local.has(name)));
}
