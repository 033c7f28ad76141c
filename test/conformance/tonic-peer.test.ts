import { useSandbox } from "../support/sandbox.js";
import { echoPeerSuites } from "./peers/peer-suites.js";
import { tonicPeer } from "./peers/rust.js";

const { directory } = useSandbox();
const { program, missing } = await tonicPeer();

echoPeerSuites(
  {
    name: "tonic",
    server: (path) => [program!, "server", path],
    client: (path) => [program!, "client", path],
    secureClient: (port, certificate) => [program!, "client", String(port), certificate],
  },
  directory,
  missing ?? false,
);
