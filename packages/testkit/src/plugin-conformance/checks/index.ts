import type { Check } from "../../conformance/check.js";
import type { PluginSubject } from "../subject.js";
import { addressChecks } from "./address.js";
import { brokerChecks } from "./broker.js";
import { connectionChecks } from "./connections.js";
import { cookieChecks } from "./cookie.js";
import { grpcChecks } from "./grpc.js";
import { handshakeChecks } from "./handshake.js";
import { lifeChecks } from "./life.js";
import { logChecks } from "./logs.js";
import { stdioChecks } from "./stdio.js";
import { tlsChecks } from "./tls.js";
import { versionChecks } from "./versions.js";

/** Every check of a plugin, area by area. */
export const pluginChecks: readonly Check<PluginSubject>[] = [
  ...cookieChecks,
  ...handshakeChecks,
  ...versionChecks,
  ...addressChecks,
  ...tlsChecks,
  ...connectionChecks,
  ...grpcChecks,
  ...stdioChecks,
  ...brokerChecks,
  ...lifeChecks,
  ...logChecks,
];
