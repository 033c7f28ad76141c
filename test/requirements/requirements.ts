import type { Requirement } from "./requirement.js";
import { brokerRows } from "./rows/broker.js";
import { conformanceRows } from "./rows/conformance.js";
import { environmentRows } from "./rows/environment.js";
import { exampleRows } from "./rows/examples.js";
import { handshakeRows } from "./rows/handshake.js";
import { hostRows } from "./rows/host.js";
import { languageRows } from "./rows/languages.js";
import { launchRows } from "./rows/launch.js";
import { lifeRows } from "./rows/life.js";
import { logRows } from "./rows/log.js";
import { pluginRows } from "./rows/plugin.js";
import { reattachRows } from "./rows/reattach.js";
import { serviceRows } from "./rows/services.js";
import { stdioRows } from "./rows/stdio.js";
import { stopRows } from "./rows/stop.js";
import { tlsRows } from "./rows/tls.js";
import { versionsRows } from "./rows/versions.js";
import { wireRows } from "./rows/wire.js";
import { yamuxRows } from "./rows/yamux.js";

/** Every rule of the handshake, the environment, the life of an instance and the wire. */
export const requirements: readonly Requirement[] = [
  ...handshakeRows,
  ...environmentRows,
  ...versionsRows,
  ...tlsRows,
  ...serviceRows,
  ...languageRows,
  ...lifeRows,
  ...stopRows,
  ...logRows,
  ...stdioRows,
  ...pluginRows,
  ...hostRows,
  ...wireRows,
  ...yamuxRows,
  ...brokerRows,
  ...reattachRows,
  ...launchRows,
  ...conformanceRows,
  ...exampleRows,
];
