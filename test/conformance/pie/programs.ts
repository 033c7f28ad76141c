import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildGo } from "@tenon/example-kv/go";
import { buildOnce, runTool } from "../peers/build-once.js";

const pie = "github.com/natefinch/pie";
const folder = "test/conformance/pie/go";

/** Programs on natefinch/pie, or the sentence that says why there are none. */
export type PieProgramsOrNot =
  | {
      /** Its own examples of provider mode, unchanged. */
      readonly exampleProvider: string;
      readonly exampleProviderHost: string;
      /** Its own examples of consumer mode, which speak gob, with the JSON codec in its place. */
      readonly exampleConsumer: string;
      readonly exampleConsumerHost: string;
      /** Ours, which go further. */
      readonly plugin: string;
      readonly host: string;
      readonly missing?: never;
    }
  | ({
      readonly [K in
        | "exampleProvider"
        | "exampleProviderHost"
        | "exampleConsumer"
        | "exampleConsumerHost"
        | "plugin"
        | "host"]?: never;
    } & {
      readonly missing: string;
    });

/** Builds them, once. */
export async function piePrograms(): Promise<PieProgramsOrNot> {
  // Seen from test/dist/conformance/pie.
  const module = fileURLToPath(new URL("../../../conformance/pie/go", import.meta.url));
  const providers = [`${pie}/examples/provider/plugin_provider`, `${pie}/examples/provider/master_provider`];
  const built = await buildGo({ module, packages: ["./peer-plugin", "./peer-host", ...providers] });
  if (built.folder === undefined) return built;
  const consumers = await buildOnce({
    name: "pie-consumer",
    tools: [["go", "version"]],
    inputs: [`${folder}/go.mod`, `${folder}/go.sum`],
    make: makeConsumers,
  });
  if (consumers.folder === undefined) return consumers;
  return {
    plugin: join(built.folder, "peer-plugin"),
    host: join(built.folder, "peer-host"),
    exampleProvider: join(built.folder, "plugin_provider"),
    exampleProviderHost: join(built.folder, "master_provider"),
    exampleConsumer: join(consumers.folder, "plugin_consumer"),
    exampleConsumerHost: join(consumers.folder, "master_consumer"),
  };
}

/** Where an example says that it speaks gob, and what it says for JSON. */
const codecs = {
  plugin_consumer: ["pie.NewConsumer()", "pie.NewConsumerCodec(jsonrpc.NewClientCodec)"],
  master_consumer: ["s.Serve()", "s.ServeCodec(jsonrpc.NewServerCodec)"],
} as const;

async function makeConsumers(at: string): Promise<void> {
  for (const file of ["go.mod", "go.sum"]) await copyFile(join(at, folder, file), join(at, file));
  const run = promisify(execFile);
  await runTool("go", ["-C", at, "mod", "download", pie]);
  const { stdout } = await run("go", ["-C", at, "list", "-m", "-f", "{{.Dir}}", pie]);
  for (const [name, [gob, json]] of Object.entries(codecs)) {
    const source = await readFile(join(stdout.trim(), "examples", "consumer", name, "main.go"), "utf8");
    const [before, after, ...more] = source.split(gob);
    if (after === undefined || more.length > 0) throw new Error(`${name} does not say ${gob} once`);
    const changed = `${before}${json}${after}`.replace("import (", 'import (\n\t"net/rpc/jsonrpc"');
    await mkdir(join(at, "src", name), { recursive: true });
    await writeFile(join(at, "src", name, "main.go"), changed);
    await runTool("go", ["-C", at, "build", "-buildvcs=false", "-o", `${at}/`, `./src/${name}`], {
      CGO_ENABLED: "0",
      GOWORK: "off",
    });
  }
}
