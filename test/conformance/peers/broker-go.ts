import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildGo } from "@tenon/example-kv/go";

const example = "github.com/hashicorp/go-plugin/examples/bidirectional";

/** Programs on go-plugin that use its broker, or the sentence that says why there are none. */
export type BrokerPeers =
  | {
      /** go-plugin's own example, unchanged. */
      readonly exampleHost: string;
      readonly examplePlugin: string;
      /** Ours, which go further; where the module has them. */
      readonly host: string;
      readonly plugin: string;
      readonly missing?: never;
    }
  | {
      readonly exampleHost?: never;
      readonly examplePlugin?: never;
      readonly host?: never;
      readonly plugin?: never;
      readonly missing: string;
    };

/** Builds the programs of test/fixtures/go/`name`, once. */
export async function brokerPeers(name: "broker" | "broker-1.4.10"): Promise<BrokerPeers> {
  // Seen from test/dist/conformance/peers.
  const module = fileURLToPath(new URL(`../../../fixtures/go/${name}`, import.meta.url));
  const own = name === "broker" ? ["./counter-host", "./counter-plugin"] : [];
  const built = await buildGo({ module, packages: [example, `${example}/plugin-go-grpc`, ...own] });
  if (built.folder === undefined) return built;
  const at = (program: string): string => join(built.folder, program);
  return {
    exampleHost: at("bidirectional"),
    examplePlugin: at("plugin-go-grpc"),
    host: at("counter-host"),
    plugin: at("counter-plugin"),
  };
}
