import type { TestContext } from "node:test";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor, type ServiceImpl } from "@connectrpc/connect";
import { createDuplexPair } from "@tenon/testkit";
import { createChannel, createServer } from "@tenon/wire";

/** A client of a service of the host, over bytes, as a plugin has it; until the end of the test. */
export function clientOf<S extends DescService>(
  t: Pick<TestContext, "after">,
  service: S,
  implementation: ServiceImpl<S>,
  interceptors: Interceptor[] = [],
): Client<S> {
  const [near, far] = createDuplexPair();
  const server = createServer();
  server.add(service, implementation);
  server.accept(far);
  const channel = createChannel(near, { interceptors });
  t.after(() => {
    channel.destroy();
    server.destroy();
  });
  return createClient(service, channel.transport);
}

/** Who calls. */
export const kv = { name: "kv", instance: "kv-1" } as const;
