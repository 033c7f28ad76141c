import { useSandbox } from "../support/sandbox.js";
import { echoPeerSuites } from "./peers/peer-suites.js";
import { findGrpcPython, pythonProgram } from "./peers/python.js";

const { directory } = useSandbox();
const { python, missing } = await findGrpcPython();
const command = (program: string, ...args: string[]) => [python!, pythonProgram(program), ...args];

echoPeerSuites(
  {
    name: "grpc-python",
    server: (path) => command("echo_server.py", path),
    client: (path) => command("echo_client.py", path),
    secureClient: (port, certificate) => command("echo_client.py", String(port), certificate),
  },
  directory,
  missing ?? false,
);
