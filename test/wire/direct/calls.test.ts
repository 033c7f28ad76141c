import { createClient as createConnectClient, type Interceptor } from "@connectrpc/connect";
import { createClient } from "@tenon/wire";
import { createDirectChannel, type DirectOptions, directService } from "@tenon/wire/direct";
import { echoClientSuite } from "../../conformance/peers/client-suite.js";
import { echoChecks } from "../../conformance/peers/echo-checks.js";
import { echoService } from "../../fixtures/echo-service.js";
import { Echo, Ghost } from "../../gen/tenon/test/v1/echo_pb.js";

const through: Interceptor = (next) => (request) => next(request);

suite("an implementation", createClient);
suite("an implementation, through Connect-ES's client", createConnectClient);
suite("an implementation that gets copies", createClient, { copy: true });
suite("an implementation, through an interceptor", createClient, { interceptors: [through] });

function suite(title: string, create: typeof createClient, options: DirectOptions = {}): void {
  // It sends a Buffer and wants a Uint8Array back; without a copy the Buffer itself comes back.
  const { "unary [WIRE-01]": _, ...others } = echoChecks;
  const checks = options.copy === true ? echoChecks : others;
  const open = async () => {
    const channel = createDirectChannel([directService(Echo, echoService)], options);
    return {
      client: create(Echo, channel.transport),
      unknown: () => create(Ghost, channel.transport).call({}),
      ping: () => channel.ping(),
      close: () => channel.close(),
    };
  };
  echoClientSuite(title, open, false, checks);
}
