import { describe } from "node:test";
import { boundReturnSuite } from "./host-return-suite.js";
import { boundHostSuite } from "./host-suite.js";
import { goBound } from "./peers.js";
import { boundPeerSuite } from "./suite.js";

const peer = await goBound();

void describe("a plugin on the Go SDK [SDK-01, SDK-02, SDK-03, SDK-04, SDK-05]", {
  skip: peer.missing ?? false,
}, () => {
  boundPeerSuite("echo-go", peer);
  boundHostSuite("echo-go", peer);
  boundReturnSuite("echo-go", peer);
});
