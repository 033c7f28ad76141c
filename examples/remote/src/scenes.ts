import { kv } from "@tenon/example-kv/contract";
import type { Session } from "@tenon/host";
import type { BindListener } from "@tenon/host/bind";
import type { Offer } from "./offers.js";
import type { PluginProcess } from "./plugin-process.js";
import { formatTable } from "./table.js";
import { tell, type Telling } from "./telling.js";

/** What every scene plays with. */
export interface Scene {
  readonly listener: BindListener;
  readonly telling: Telling;
  /** Starts a plugin where it belongs. It has dialled in, or was refused, some time later. */
  start(offer: Offer, ...args: string[]): PluginProcess;
}

const title = (text: string): void => console.log(`\n── ${text}`);

function sessionOf({ listener }: Scene, name: string): Session<typeof kv.versions> {
  const session = listener.session(name, kv);
  if (session === undefined) throw new Error(`${name} cannot be called`);
  return session;
}

/** The client of a plugin, as for any other launch. */
const clientOf = (scene: Scene, name: string) => sessionOf(scene, name).client("kv");

/** Starts every plugin and prints what has dialled in. */
export async function mountAll(scene: Scene, offers: readonly Offer[]): Promise<PluginProcess[]> {
  title("Plugins are started elsewhere, and dial in: mutual TLS, and a token bound to the certificate");
  const ready = offers.map(({ name }) => scene.telling.event(name, "ready"));
  const plugins = offers.map((offer) => scene.start(offer));
  const tooEarly = plugins.map(async ({ offer, ended, stderr }) => {
    throw new Error(`${offer.name} was not bound and has ended: ${await ended}\n${stderr()}`);
  });
  await Promise.race([Promise.all(ready), ...tooEarly]);
  const bound = scene.listener.plugins();
  const pings = bound.map(async (plugin) => {
    const session = sessionOf(scene, plugin.id);
    await session.ping(); // The first one finds everything cold.
    return [plugin, await session.ping()] as const;
  });
  console.log(`\n${formatTable(await Promise.all(pings))}`);
  return plugins;
}

/** A value into every plugin, and back. */
export async function callEach(scene: Scene, plugins: readonly PluginProcess[]): Promise<void> {
  title("The host calls each, and hears what they log");
  for (const { offer } of plugins) await callOnce(scene, offer.name);
}

async function callOnce(scene: Scene, name: string): Promise<void> {
  const client = clientOf(scene, name);
  // What a plugin logs with this id can be found again among what others log because of the same call.
  const headers = { "tenon-call-id": "first-call" };
  await client.put({ key: "greeting", value: Buffer.from(`hello, ${name}`) }, { headers });
  const { value } = await client.get({ key: "greeting" });
  tell("call", name, JSON.stringify(Buffer.from(value).toString()));
}

/** Somebody with the credentials of one plugin claims to be another. */
export async function refuseImpostor(scene: Scene, { offer }: PluginProcess): Promise<void> {
  title("Somebody with the credentials of one plugin claims to be another");
  const rejected = scene.telling.event("kv-admin", "rejected");
  const impostor = scene.start(offer, "kv-admin");
  await Promise.all([rejected, impostor.ended]);
}

/** Neither side is told, so both find out by the silence. */
export async function cutOff(scene: Scene, { offer: { name }, place, child }: PluginProcess): Promise<void> {
  title("A plugin is cut off, and neither side is told");
  const [suspect, lost] = [scene.telling.event(name, "suspect"), scene.telling.event(name, "lost")];
  tell("act", name, await place.cut(child));
  const call = clientOf(scene, name)
    .get({ key: "greeting" })
    .catch((error: Error) => tell("call", name, `ended: ${error.message}`));
  await Promise.all([suspect, lost, call]);
  tell("act", name, "and that is taken back");
  const ready = scene.telling.event(name, "ready");
  await place.mend(child);
  await ready;
  await callOnce(scene, name);
}

/** A reset is seen at once. What is started again is the same instance, with a greater epoch. */
export async function killAndStartAgain(scene: Scene, plugin: PluginProcess): Promise<PluginProcess> {
  const { offer, child } = plugin;
  title("A plugin is killed, and started again by whoever looks after it");
  const lost = scene.telling.event(offer.name, "lost");
  child.kill("SIGKILL");
  await lost;
  const ready = scene.telling.event(offer.name, "ready");
  const next = scene.start(offer);
  await ready;
  await callOnce(scene, offer.name);
  return next;
}

/** What an orchestrator does to a plugin that it replaces. */
export async function drain(scene: Scene, { offer: { name }, child, ended }: PluginProcess): Promise<void> {
  title("A plugin gets SIGTERM while it answers a call: it finishes, says goodbye and ends");
  const unmounted = scene.telling.event(name, "unmounted");
  const client = clientOf(scene, name);
  await client.put({ key: "slow", value: Buffer.from("worth the wait") });
  const asked = scene.telling.record(name, "asked for slow");
  const call = client.get({ key: "slow" });
  await asked;
  child.kill("SIGTERM");
  tell("act", name, "gets SIGTERM");
  const { value } = await call;
  tell("call", name, JSON.stringify(Buffer.from(value).toString()));
  await unmounted;
  await ended;
}

/** The host's operator wants it gone. */
export async function kick(scene: Scene, { offer: { name }, ended }: PluginProcess): Promise<void> {
  title("The host kicks a plugin");
  const unmounted = scene.telling.event(name, "unmounted");
  const { id } = scene.listener.plugins().find(({ plugin }) => plugin === name)!;
  scene.listener.kick(id, "the operator does not want it any more");
  await unmounted;
  await ended;
}

/** The next host would have those that are left back: they look for it until somebody ends them. */
export async function goodbye({ listener }: Scene, running: readonly PluginProcess[]): Promise<void> {
  title("The host ends, and then what is left");
  await listener.close();
  await Promise.all(running.map((plugin) => plugin.stop()));
}
