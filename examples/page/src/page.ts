// The plugin. It runs in a web page, and keeps its values in the page's storage.
import { kv } from "@tenon/example-kv/contract";
import { createLogger, implement } from "@tenon/plugin";
import { bindPlugin } from "@tenon/plugin/bind";

const plugin = implement(kv, {
  kv: {
    get: ({ key }) => ({ value: new TextEncoder().encode(localStorage.getItem(key) ?? "") }),
    put({ key, value }) {
      localStorage.setItem(key, new TextDecoder().decode(value));
      return {};
    },
  },
});

const bound = await bindPlugin(plugin, {
  to: `${location.origin.replace(/^http/, "ws")}/bind`,
  name: "page",
  token: document.querySelector<HTMLMetaElement>("meta[name=plugin-token]")?.content ?? "",
  logger: createLogger({ name: "page", write: (line) => console.log(line) }),
});
document.title = bound.state;
