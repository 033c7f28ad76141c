import { acceptVersion, type ContractVersions, isTenonError, type ReattachDescriptor, TenonError } from "@tenon/core";
import { checkAddress, type Handshake } from "../handshake/check-handshake.js";
import type { Instance } from "../instance/instance.js";
import { hostProcess } from "../launch/host-process.js";
import type { NetworkAddress } from "../launch/launcher.js";
import { listensAt, readIdentity } from "../launch/process-identity.js";
import type { Session } from "../session/session.js";
import { connect, linkByHandshake, openInstance, watchStart } from "../start/start-instance.js";
import { type StartRequest, versionsOf } from "../start/start-request.js";
import { type AttachedProcess, watchAttached } from "./attached-process.js";

/** What an attach needs, checked. */
export interface AttachRequest<V extends ContractVersions>
  extends Pick<StartRequest<V>, "id" | "host" | "contract" | "options" | "exitNet" | "onHostStop" | "hostServices"> {
  readonly descriptor: ReattachDescriptor;
}

/**
 * Connects to an instance that runs already. On failure nothing of it is touched.
 *
 * @throws {@link TenonError} `instance-not-found`, `version-mismatch`, `transport-unsupported`, `tls-failed`, `connect-failed`,
 *   `start-timeout`, `start-aborted`, `host-closed`
 */
export async function attachInstance<V extends ContractVersions>(request: AttachRequest<V>): Promise<Session<V>> {
  const { descriptor, options, contract } = request;
  const instance = openInstance(request, { lifetime: "own", isTest: descriptor.test, madeAfter: 0 });
  const watch = watchStart(options);
  const forgetHostStop = request.onHostStop(() => {
    watch.fail(new TenonError("host-closed", "the host was stopped during the attach"));
  });
  const seen: NetworkAddress = { network: descriptor.address.network, address: descriptor.address.string };
  let process: AttachedProcess | undefined;
  try {
    const handshake = readDescriptor(descriptor, versionsOf(contract), options.tls !== undefined, instance.plugin);
    checkProcess(descriptor);
    process = watchAttached(descriptor);
    instance.attachProcess(process, undefined);
    instance.startConnecting();
    const session = await connect(
      { ...request, options: { ...options, connectTimeoutMs: 0 } },
      { instance, watch, progress: {} },
      {
        process,
        capabilities: { isolation: "process" },
        reload: undefined,
        ...linkByHandshake(handshake, undefined),
      },
    );
    // Whoever answered at the address is the plugin; now it must be made sure that the process is that one, too.
    const identity = readIdentity(descriptor.pid)?.identity;
    if (identity !== undefined && (descriptor.identity !== undefined || listensAt(descriptor.pid, seen))) {
      process.verify(identity);
      if (seen.network === "unix") instance.rememberSocket(seen.address);
    }
    return session;
  } catch (fault) {
    const elapsedMs = watch.elapsedMs();
    await instance.detach();
    throw attachError(fault, descriptor, instance, elapsedMs);
  } finally {
    forgetHostStop();
    watch.dispose();
  }
}

function readDescriptor(
  descriptor: ReattachDescriptor,
  versions: readonly number[],
  hasTls: boolean,
  plugin: string,
): Handshake {
  const { protocol, protocolVersion, address, tls } = descriptor;
  if (protocol !== "grpc") {
    throw new TenonError("transport-unsupported", "it offers its services by net/rpc, which exists in Go only");
  }
  if (tls === "session" && !hasTls) {
    throw new TenonError(
      "tls-failed",
      "its TLS certificates were made for the host that started it, and nobody else can connect; " +
        "start what is to be attached to with autoMtls: false, or with certificates of your own (tls)",
    );
  }
  if (protocolVersion === 0 && versions.length > 1) {
    throw new TenonError(
      "version-mismatch",
      `the descriptor does not say which of the contract's versions ${versions.join(", ")} it serves`,
      { facts: { versions } },
    );
  }
  const version = protocolVersion === 0 ? versions[0]! : acceptVersion(versions, protocolVersion, plugin);
  const seen: NetworkAddress = { network: address.network, address: address.string };
  return {
    version,
    address: checkAddress(seen, hostProcess.platform, false),
    certificate: undefined,
    multiplex: false,
  };
}

function checkProcess({ pid, identity }: ReattachDescriptor): void {
  if (!hostProcess.isAlive(pid)) throw new TenonError("instance-not-found", `there is no process ${pid} any more`);
  if (identity === undefined || hostProcess.platform !== "linux") return;
  if (readIdentity(pid)?.identity !== identity) {
    throw new TenonError("instance-not-found", `its process has ended; process ${pid} is another one now`);
  }
}

function attachError(
  fault: unknown,
  descriptor: ReattachDescriptor,
  instance: Instance,
  elapsedMs: number,
): TenonError {
  const { pid, address } = descriptor;
  const error = isTenonError(fault) ? fault : new TenonError("connect-failed", String(fault), { cause: fault });
  const errno = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  const isDead = error.code === "connect-failed" && (errno === "ENOENT" || errno === "ECONNREFUSED");
  const code = isDead ? "instance-not-found" : error.code;
  const why = error.message.replace(/^The /, "the ").replace(/\.$/, "");
  // It connected, and what answered did not speak HTTP/2: that is how an instance whose one connection carries everything looks.
  const hint = code === "connect-failed" ? " An instance that was started with multiplex cannot be attached to." : "";
  return new TenonError(
    code,
    `The host cannot attach to the plugin "${instance.plugin}" (process ${pid} at ${address.string}): ${why}.${hint}`,
    {
      plugin: instance.plugin,
      facts: { ...error.facts, pid, address: address.string, elapsedMs },
      cause: error.cause ?? error,
    },
  );
}
