import { createHost } from "@tenon/host";
import { echoClientSuite } from "../conformance/peers/client-suite.js";
import { startEcho } from "../conformance/peers/start-echo.js";
import { fixture } from "../support/fixture.js";
import { useSandbox } from "../support/sandbox.js";

useSandbox();
const host = createHost();

for (const autoMtls of [true, false]) {
  const peer = `a TypeScript plugin ${autoMtls ? "with AutoMTLS [TLS-01] [TLS-06]" : "in plaintext [TLS-03]"}`;
  echoClientSuite(peer, () => startEcho(host, fixture("echo-plugin"), { autoMtls }));
}
