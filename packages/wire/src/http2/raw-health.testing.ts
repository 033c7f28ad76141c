import { create, toBinary } from "@bufbuild/protobuf";
import { Health, HealthCheckRequestSchema } from "@tenon/core";
import { createDuplexPair, RawPeer } from "@tenon/testkit";
import { createServer } from "../server/server.js";
import { FrameType, preface } from "./constants.js";
import { formatSettings } from "./settings.js";

/** The method that a raw peer calls. */
export const checkPath = "/grpc.health.v1.Health/Check";

/** A request for the health of a service, with the prefix of gRPC. */
export function message(service = ""): Buffer {
  const bytes = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** A server of Health with two streams at most, and a raw client whose preface has been sent. "never" is never answered. */
export function serveRaw(): { peer: RawPeer; destroy: () => void } {
  const [near, far] = createDuplexPair();
  const server = createServer({ maxConcurrentStreams: 2 }).add(Health, {
    check: ({ service }) => (service === "never" ? new Promise(() => {}) : { status: 1 }),
  });
  server.accept(far);
  const peer = new RawPeer(near);
  near.write(preface);
  return { peer, destroy: () => server.destroy() };
}

/** Sends a SETTINGS frame. */
export function settings(peer: RawPeer, ...entries: [id: number, value: number][]): RawPeer {
  return peer.frame(FrameType.settings, 0, 0, formatSettings(entries));
}
