import { implement } from "@tenon/plugin";
import { runPieProvider } from "@tenon/plugin/pie";
import { peers } from "../contracts.js";
import { peer } from "../peer.js";

await runPieProvider(implement(peers, { peer }), import.meta);
