import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { read } from "./pages.js";

const folder = "docs/guides/bind-in-a-container";

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

interface Container {
  readonly image: string;
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string }[];
  readonly readinessProbe: Probe;
  readonly startupProbe: Probe;
  readonly lifecycle: { readonly preStop: Probe };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: { readonly runAsUser: number; readonly fsGroup: number };
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly secret?: { readonly secretName: string; readonly defaultMode: number };
          readonly emptyDir?: object;
        }[];
      };
    };
  };
}

function readManifests(): Manifest[] {
  return parseAllDocuments(read(`${folder}/plugin.yaml`)).map((document) => {
    assert.deepEqual([...document.errors, ...document.warnings], []);
    return document.toJS() as Manifest;
  });
}

/** The options in front of `--`, by name. */
function optionsOf({ args }: Container): Map<string, string> {
  const own = args.slice(0, args.indexOf("--"));
  return new Map(own.map((arg) => /^--([a-z-]+)=(.+)$/.exec(arg)!.slice(1) as [string, string]));
}

test("the manifests are a Secret and a Deployment that fit each other", () => {
  const [secret, deployment, ...more] = readManifests();
  assert.deepEqual(
    [secret?.apiVersion, secret?.kind, deployment?.apiVersion, deployment?.kind, more],
    ["v1", "Secret", "apps/v1", "Deployment", []],
  );
  const { selector, template } = deployment!.spec;
  assert.deepEqual(selector.matchLabels, template.metadata.labels);
  const [container] = template.spec.containers;
  const names = new Set(template.spec.volumes.map(({ name }) => name));
  for (const { name } of container.volumeMounts) assert.ok(names.has(name), `volume ${name}`);
  const volume = template.spec.volumes.find(({ secret: source }) => source?.secretName === secret!.metadata.name);
  const mount = container.volumeMounts.find(({ name }) => name === volume?.name);
  const options = optionsOf(container);
  for (const option of ["token-file", "tls-ca"]) {
    const [, path, key = ""] = /^(.*)\/(.*)$/.exec(options.get(option)!)!;
    assert.equal(path, mount?.mountPath, option);
    assert.ok(Object.hasOwn(secret!.stringData, key), `${option}: the Secret has no ${key}`);
  }
  const [, variable] = /^\$\((\w+)\)$/.exec(options.get("instance")!)!;
  assert.ok(container.env.some(({ name }) => name === variable));
});

test("the probes look at the file that tenon-bind keeps, and the grace period is longer than the drain", () => {
  const { containers, terminationGracePeriodSeconds } = readManifests()[1]!.spec.template.spec;
  const [container] = containers;
  const options = optionsOf(container);
  for (const probe of [container.readinessProbe, container.startupProbe]) {
    assert.deepEqual(probe.exec.command, ["test", "-f", options.get("ready-file")]);
  }
  const [program, seconds] = container.lifecycle.preStop.exec.command;
  assert.equal(program, "sleep");
  const drainSeconds = Number(options.get("drain-timeout-ms")) / 1000;
  assert.ok(Number(seconds) + drainSeconds < terminationGracePeriodSeconds);
});

test("what is written in the container is on a volume that can be written, and the Secret can be read", () => {
  const { containers, volumes, securityContext } = readManifests()[1]!.spec.template.spec;
  const [container] = containers;
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  const mountOf = (path: string) => container.volumeMounts.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
  const written = mountOf(optionsOf(container).get("ready-file")!);
  assert.ok(written !== undefined && written.readOnly !== true);
  assert.ok(volumes.find(({ name }) => name === written.name)?.emptyDir);
  const { secret } = volumes.find(({ name }) => name === mountOf(optionsOf(container).get("token-file")!)?.name)!;
  assert.equal(secret?.defaultMode, 0o440);
  assert.equal(securityContext.fsGroup, securityContext.runAsUser, "its group is whom the Secret is for");
});

test("every option in the manifests is one that tenon-bind knows", () => {
  const usage = read("packages/plugin/src/bind/cli/arguments.ts");
  const [container] = readManifests()[1]!.spec.template.spec.containers;
  for (const option of optionsOf(container).keys()) assert.match(usage, new RegExp(`^  --${option} `, "m"));
});

test("the image runs the program of the manifests, and tenon-bind gets the signals", () => {
  const dockerfile = read(`${folder}/Dockerfile`);
  const [container] = readManifests()[1]!.spec.template.spec.containers;
  const program = container.args[container.args.indexOf("--") + 1]!;
  assert.match(dockerfile, new RegExp(`^COPY .* ${program}$`, "m"));
  assert.match(dockerfile, /^ENTRYPOINT \["tenon-bind"\]$/m);
  assert.match(dockerfile, /^USER node$/m); // Whose number is 1000 in Node's images.
  assert.equal(readManifests()[1]!.spec.template.spec.securityContext.runAsUser, 1000);
  const { version } = JSON.parse(read("packages/plugin/package.json")) as { version: string };
  assert.ok(dockerfile.includes(`@tenon/plugin@${version}`));
});

test("the Dockerfile has instructions that there are, a version of everything, and no shell around the program", () => {
  const lines = read(`${folder}/Dockerfile`)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const instructions = lines.map((line) => line.split(" ")[0]!);
  assert.deepEqual(instructions, ["FROM", "RUN", "COPY", "USER", "ENTRYPOINT"]);
  assert.match(lines[0]!, /^FROM [a-z]+:\d+(-[a-z]+)?$/);
  assert.ok(lines.every((line) => !/npm install/.test(line) || /@\d+\.\d+\.\d+$/.test(line)));
  const [container] = readManifests()[1]!.spec.template.spec.containers;
  assert.match(container.image, /:\d+\.\d+\.\d+$/);
});
