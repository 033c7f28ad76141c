import { describe } from "node:test";
import { boundReturnSuite } from "./host-return-suite.js";
import { boundHostSuite } from "./host-suite.js";
import { pythonBound } from "./peers.js";
import { boundPeerSuite } from "./suite.js";

const peer = await pythonBound();

void describe("a plugin on the Python SDK [SDK-01, SDK-02, SDK-03, SDK-04, SDK-05]", {
  skip: peer.missing ?? false,
}, () => {
  boundPeerSuite("echo-python", peer);
  boundHostSuite("echo-python", peer);
  boundReturnSuite("echo-python", peer);
});
