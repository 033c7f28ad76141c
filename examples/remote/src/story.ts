import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kv } from "@tenon/example-kv/contract";
import { createHost } from "@tenon/host";
import { admitAll, createTokens, requireCertificate, requireToken, type Tokens } from "@tenon/host/bind";
import { type Authority, createAuthority } from "./credentials.js";
import type { Network, Place } from "./network/network.js";
import type { Offer, Offers } from "./offers.js";
import { type PluginProcess, startPlugin } from "./plugin-process.js";
import {
  callEach,
  cutOff,
  drain,
  goodbye,
  kick,
  killAndStartAgain,
  mountAll,
  refuseImpostor,
  type Scene,
} from "./scenes.js";
import { createTelling, tell } from "./telling.js";

/** What the story needs. */
export interface StoryInit extends Offers {
  readonly network: Network;
  /** For credentials, and for what plugins write. It is empty, and somebody else removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Seconds in place of the default's fives, so that nobody has to wait. Suspect is 1.5, dead 3 of them. */
const heartbeatMs = 1000;
const tokenLifeMs = 3_600_000;

/** Tells the whole story on standard output. When it has ended, in whichever way, so have all plugins. */
export async function tellStory({ offers, missing, network, folder, signal }: StoryInit): Promise<void> {
  console.log([network.description, ...missing].join("\n"));
  const places = new Map<string, Place>();
  for (const { name } of offers) places.set(name, await network.createPlace());
  const authority = await createAuthority(folder);
  const tokens = createTokens();
  const folders = new Map<string, string>();
  for (const { name } of offers) folders.set(name, await createFolder(name, authority, tokens));
  const own = await authority.issueHost([...new Set([...places.values()].map(({ host }) => host))]);
  const [ca, cert, key] = await Promise.all(
    ["ca.crt", "tls.crt", "tls.key"].map((file) => readFile(join(own.folder, file))),
  );

  const telling = createTelling(signal);
  await using host = createHost();
  const listener = await host.listen({
    address: `${network.listenAt}:0`,
    tls: { ca: ca!, cert: cert!, key: key! },
    admit: admitAll(requireCertificate(), requireToken(tokens)),
    contracts: [kv],
    heartbeatMs,
    onEvent: telling.onEvent,
    log: telling.log,
  });

  const port = listener.address.split(":").at(-1)!;
  const running: PluginProcess[] = [];
  const start = (offer: Offer, ...args: string[]): PluginProcess => {
    const { name } = offer;
    const started = startPlugin({ offer, place: places.get(name)!, folder: folders.get(name)!, port }, args);
    running.push(started);
    void started.ended.then((how) => tell("act", args[0] ?? name, `has ended: ${how}`));
    return started;
  };
  try {
    const scene: Scene = { listener, telling, start };
    const plugins = await mountAll(scene, offers);
    await callEach(scene, plugins);
    await refuseImpostor(scene, plugins[0]!);
    await cutOff(scene, plugins[0]!);
    const second = Math.min(1, plugins.length - 1);
    plugins[second] = await killAndStartAgain(scene, plugins[second]!);
    await drain(scene, plugins[0]!);
    if (plugins.length > 1) await kick(scene, plugins.at(-1)!);
    await goodbye(scene, running);
  } finally {
    await Promise.all(running.map((plugin) => plugin.stop()));
  }
}

/** A plugin's own folder: a certificate in its name, and a token that is worth nothing without that. */
async function createFolder(plugin: string, authority: Authority, tokens: Tokens): Promise<string> {
  const { folder, fingerprint256: certificate } = await authority.issuePlugin(plugin);
  const { token } = tokens.issue({ plugin, contract: "kv", certificate, expiresInMs: tokenLifeMs });
  await writeFile(join(folder, "token"), token, { mode: 0o600 });
  return folder;
}
