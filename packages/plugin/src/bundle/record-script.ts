// Imported by a plugin's process before its bundle (`--import`): when the process exits, all that was compiled of the script until then is
// written to a file. Both are named by the URL of this module.
import { writeFileSync } from "node:fs";
import vm from "node:vm";
import { markTrialStart } from "../run/trial-start.js";

const asked = new URL(import.meta.url).searchParams;
const { Script } = vm;

markTrialStart();
vm.Script = class extends Script {
  constructor(source: string, options?: vm.ScriptOptions | string) {
    const isAsked = typeof options === "object" && options.filename === asked.get("script");
    if (!isAsked) {
      super(source, options);
      return;
    }
    // Compiled anew, so that nothing of an earlier form is in it.
    const { cachedData: _, ...rest } = options;
    super(source, rest);
    process.on("exit", () => writeFileSync(asked.get("cache")!, this.createCachedData()));
  }
};
