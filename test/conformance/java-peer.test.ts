import { useSandbox } from "../support/sandbox.js";
import { grpcJavaPeer } from "./peers/java.js";
import { echoPeerSuites } from "./peers/peer-suites.js";

const { directory } = useSandbox();
const { command, missing } = await grpcJavaPeer();

echoPeerSuites(
  {
    name: "grpc-java",
    server: (path) => [...command!, "server", path],
    client: (path) => [...command!, "client", path],
    secureClient: (port, certificate) => [...command!, "client", String(port), certificate],
  },
  directory,
  missing ?? false,
);
