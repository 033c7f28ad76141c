import { create } from "@bufbuild/protobuf";
import { type Hello, HelloSchema } from "@tenon/core/bind";
import type { Offer } from "./offer.js";
import type { DialInSettings } from "./options.js";

/** What differs from one link to the next. */
export interface HelloFacts {
  readonly epoch: bigint;
  readonly token: string;
  readonly oldestLog: bigint;
}

/** Says who dials in, and what it offers. */
export function createHello(settings: DialInSettings, offer: Offer, facts: HelloFacts): Hello {
  const { name, version, instance } = settings;
  return create(HelloSchema, {
    minProtocol: 1,
    maxProtocol: 1,
    plugin: name,
    version,
    instance,
    contract: offer.contract,
    versions: [...offer.versions],
    hostServices: [...offer.hostServices],
    multiplex: offer.multiplex,
    ...facts,
  });
}
