// Our end of the group streams that answers.
import { implement, runPlugin } from "@tenon/plugin";
import { loadService } from "../lib/load-service.js";
import { load } from "./load-contract.js";

await runPlugin(implement(load, { load: loadService }), import.meta);
