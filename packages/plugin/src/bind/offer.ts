import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { TenonError } from "@tenon/core";
import { describeService, type ServedVersion, ServedVersionSchema, type Welcome } from "@tenon/core/bind";
import type { Plugin } from "../implement.js";
import type { Logger } from "../log/logger.js";
import { serveStream } from "../serve/late.js";
import type { BindOptions } from "./options.js";

/** How the plugin's end of a byte stream ended. */
export interface ServedEnd {
  /** `shutdown`: the host called Shutdown; `exited`: there is nothing to serve any more; `ended`: only this byte stream has ended. */
  readonly kind: "shutdown" | "exited" | "ended";
  readonly reason: string;
  /** Whether every call in flight came to its own end. */
  readonly drained: boolean;
  readonly cause?: unknown;
}

/** The plugin's end of one byte stream. The stream is destroyed when it has ended. */
export interface Served {
  readonly ended: Promise<ServedEnd>;
  /** Lets calls in flight end for so many milliseconds, then destroys the stream. */
  drain(timeoutMs: number): void;
  /** The host has no call in flight and begins none any more: one that drains has come to its end. */
  drained(): void;
}

/** What is offered to a host. */
export interface Offer {
  readonly contract: string;
  readonly versions: readonly ServedVersion[];
  readonly hostServices: readonly string[];
  /** Whether the byte stream is yamux. */
  readonly multiplex: boolean;
  /** The canonical text of a service, see docs/protocol/bind.md; empty where it is not known. */
  describe(typeName: string): string;
  /** Aborts when there is nothing to offer any more, so that nobody waits for a host. Default: that cannot happen. */
  readonly gone?: AbortSignal;
  /** `goodbye` sets what the host is told when the stream is destroyed. */
  serve(stream: Duplex, welcome: Welcome, goodbye: (reason: string, mayReturn: boolean) => void): Promise<Served>;
}

/**
 * Offers a plugin of this process.
 *
 * @throws {@link TenonError} `option-invalid` for a host service that the contract does not have
 */
export function offerPlugin(plugin: Plugin, options: BindOptions, logger: Logger): Offer {
  const { contract } = plugin;
  for (const name of options.requiredHostServices ?? []) {
    if (contract.hostServices?.[name] !== undefined) continue;
    throw new TenonError("option-invalid", `The contract "${contract.name}" has no host service "${name}".`, {
      plugin: contract.name,
      facts: { option: "requiredHostServices", name },
    });
  }
  const served = Object.entries(plugin.versions).map(
    ([version, services]) => [Number(version), services.map(({ service }) => service)] as const,
  );
  const texts = new Map(
    served.flatMap(([, services]) => services.map((each) => [each.typeName, describeService(each)])),
  );
  const versions = served.map(([version, services]) =>
    create(ServedVersionSchema, {
      version,
      services: services.map(({ typeName, methods }) => ({
        typeName,
        methods: methods.map(({ name }) => name),
        descriptorHash: createHash("sha256")
          .update(texts.get(typeName) ?? "")
          .digest(),
      })),
    }),
  );
  return {
    contract: contract.name,
    versions,
    hostServices: options.requiredHostServices ?? [],
    multiplex: true,
    describe: (typeName) => texts.get(typeName) ?? "",
    async serve(stream, welcome) {
      const { server, reflection, brokerTimeoutMs, maxStdioBufferBytes } = options;
      const serving = await serveStream(plugin, stream, {
        environment: { PLUGIN_PROTOCOL_VERSIONS: String(welcome.contractVersion), PLUGIN_MULTIPLEX_GRPC: "true" },
        logger,
        ...(server && { server }),
        ...(reflection !== undefined && { reflection }),
        ...(brokerTimeoutMs !== undefined && { brokerTimeoutMs }),
        ...(maxStdioBufferBytes !== undefined && { maxStdioBufferBytes }),
      });
      const ended = serving.closed.then(({ kind, drained }): ServedEnd => {
        if (kind === "shutdown") return { kind, reason: "the host called Shutdown", drained };
        return { kind: "ended", reason: "the channel has ended", drained };
      });
      // What is served here knows its calls itself.
      return { ended, drain: (drainTimeoutMs) => void serving.close({ drainTimeoutMs }), drained() {} };
    },
  };
}
