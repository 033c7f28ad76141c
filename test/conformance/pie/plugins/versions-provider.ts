import { implement } from "@tenon/plugin";
import { runPieProvider } from "@tenon/plugin/pie";
import { versions } from "../versions.js";

const sayHi = ({ value }: { value: string }) => ({ value: `Hi ${value}` });
const plugin = implement(versions, { 1: { peer: { sayHi } }, 2: { peer: { sayHi } } });
const version = process.argv[2];
await runPieProvider(plugin, import.meta, version === undefined ? {} : { version: Number(version) });
