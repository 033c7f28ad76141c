import type { Requirement } from "./requirement.js";
import { bindRows } from "./rows/bind.js";
import { bindFaultRows } from "./rows/bind-faults.js";
import { bindScaleRows } from "./rows/bind-scale.js";
import { bindSdkRows } from "./rows/bind-sdk.js";
import { bindWebSocketRows } from "./rows/bind-websocket.js";
import { bindPluginRows } from "./rows/bind-plugin.js";
import { brokerRows } from "./rows/broker.js";
import { conformanceRows } from "./rows/conformance.js";
import { environmentRows } from "./rows/environment.js";
import { exampleRows } from "./rows/examples.js";
import { handshakeRows } from "./rows/handshake.js";
import { hostRows } from "./rows/host.js";
import { hostServiceRows } from "./rows/host-services.js";
import { inlineRows } from "./rows/inline.js";
import { languageRows } from "./rows/languages.js";
import { launchRows } from "./rows/launch.js";
import { launcherRows } from "./rows/launchers.js";
import { lifeRows } from "./rows/life.js";
import { logRows } from "./rows/log.js";
import { pieRows } from "./rows/pie.js";
import { pluginRows } from "./rows/plugin.js";
import { readyServiceRows } from "./rows/ready-services.js";
import { reattachRows } from "./rows/reattach.js";
import { serviceRows } from "./rows/services.js";
import { stdioLaunchRows } from "./rows/stdio-launch.js";
import { stdioRows } from "./rows/stdio.js";
import { stopRows } from "./rows/stop.js";
import { tlsRows } from "./rows/tls.js";
import { versionsRows } from "./rows/versions.js";
import { wireRows } from "./rows/wire.js";
import { workerRows } from "./rows/worker.js";
import { yamuxRows } from "./rows/yamux.js";

/** Every rule of the handshake, the environment, the life of an instance and the wire. */
export const requirements: readonly Requirement[] = [
  ...handshakeRows,
  ...environmentRows,
  ...versionsRows,
  ...tlsRows,
  ...serviceRows,
  ...readyServiceRows,
  ...languageRows,
  ...lifeRows,
  ...stopRows,
  ...logRows,
  ...stdioRows,
  ...stdioLaunchRows,
  ...inlineRows,
  ...pieRows,
  ...pluginRows,
  ...hostRows,
  ...wireRows,
  ...yamuxRows,
  ...bindPluginRows,
  ...brokerRows,
  ...bindRows,
  ...bindFaultRows,
  ...bindScaleRows,
  ...bindWebSocketRows,
  ...hostServiceRows,
  ...reattachRows,
  ...launchRows,
  ...launcherRows,
  ...conformanceRows,
  ...exampleRows,
  ...workerRows,
  ...bindSdkRows,
];
