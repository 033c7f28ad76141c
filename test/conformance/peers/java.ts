import { join } from "node:path";
import { buildOnce, runTool } from "./build-once.js";

/** The command that runs a class, or the sentence that says why there is none. */
export type JavaProgram =
  | { readonly command: readonly [string, ...string[]]; readonly missing?: never }
  | { readonly command?: never; readonly missing: string };

/** Builds a Maven project with its dependencies beside it. Rejects where {@link buildOnce} does. */
async function buildMaven(
  name: string,
  project: string,
  main: string,
  inputs: readonly string[] = [],
): Promise<JavaProgram> {
  const built = await buildOnce({
    name,
    tools: [
      ["java", "-version"],
      ["mvn", "-version"],
    ],
    inputs: [project, ...inputs],
    make: async (folder) => {
      const pom = join(folder, project, "pom.xml");
      // Maven before 3.9 heeds the one, later ones the other.
      const retries = ["-Dmaven.wagon.http.retryHandler.count=5", "-Daether.connector.http.retryHandler.count=5"];
      await runTool("mvn", ["-B", "-q", "-ntp", ...retries, "-f", pom, "compile", "dependency:copy-dependencies"]);
    },
  });
  if (built.folder === undefined) return built;
  const target = join(built.folder, project, "target");
  // These programs live for a moment, so that the better compiler never pays.
  const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
  return { command: ["java", ...quick, "-cp", `${join(target, "classes")}:${join(target, "dependency", "*")}`, main] };
}

/** The key-value plugin of examples/kv/java. */
export function javaPlugin(): Promise<JavaProgram> {
  return buildMaven("java-plugin", "examples/kv/java", "KvPlugin", ["examples/kv/proto", "packages/core/proto"]);
}

/** The Echo service and client on grpc-java with Netty. */
export function grpcJavaPeer(): Promise<JavaProgram> {
  return buildMaven("grpc-java-peer", "test/conformance/java", "EchoPeer");
}
