import type { Server } from "../server/server.js";

/**
 * Makes a server tell its services to tools like grpcurl: `grpc.reflection.v1` and `v1alpha`. Services that are added
 * later are told too. The code for it is loaded when it is first asked for, so it costs a server's start nothing.
 * Throws when the server has it already. grpc-go: `reflection.Register`.
 */
export function addReflection(server: Server): void {
  server.addLazily(["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"], async () => {
    const { addReflectionServices } = await import("./reflection-services.js");
    addReflectionServices(server);
  });
}
