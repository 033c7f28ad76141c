import { after, before, describe, test } from "node:test";
import { echoChecks } from "./echo-checks.js";
import type { EchoClient } from "./echo-ends.js";

/** Calls the Echo service of a peer, written in whatever, with our client. One call of this is one peer. */
export function echoClientSuite(
  peer: string,
  open: () => Promise<EchoClient>,
  skip: string | false = false,
  checks: typeof echoChecks = echoChecks,
): void {
  void describe(`our client against ${peer}`, { skip }, () => {
    let echo: EchoClient;
    before(async () => {
      echo = await open();
    });
    after(() => echo.close());
    for (const [title, check] of Object.entries(checks)) void test(title, () => check(echo));
  });
}
