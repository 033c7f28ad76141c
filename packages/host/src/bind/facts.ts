import type { RejectCode } from "@tenon/core/bind";

/** What a client certificate says, of a connection whose TLS has checked it against the host's authorities. */
export interface BindCertificate {
  /** SHA-256 of the certificate, in upper-case hexadecimal with colons, as Node prints it. */
  readonly fingerprint256: string;
  /** The common name of its subject, where it has one. */
  readonly commonName: string | undefined;
  /** Its names for DNS. */
  readonly dnsNames: readonly string[];
}

/** What is known of a plugin that wants to bind, when it is decided whether it may. All but the certificate and the address is its own claim. */
export interface BindFacts {
  readonly plugin: string;
  readonly version: string;
  readonly instance: string;
  readonly epoch: number;
  /** Name of the contract it was found to serve; empty where none was. */
  readonly contract: string;
  /** Local names of the host services that it needs. */
  readonly hostServices: readonly string[];
  /** What it sent as a token; empty where it sent none. A secret: for checks, never for logs. */
  readonly token: string;
  /** Undefined where the connection has no client certificate that was checked. */
  readonly certificate: BindCertificate | undefined;
  /** Address of the other end, as `host:port`, or "unix". */
  readonly remote: string;
}

/** Why a plugin may not bind. */
export interface BindRefusal {
  readonly code: RejectCode;
  /** A sentence for people; it goes to the plugin and into the event. */
  readonly reason: string;
}

/** That a plugin may bind. */
export interface BindAdmission {
  /** Called once everything else about the plugin was found right; the last word, for what may be used once only. */
  accept?(): BindRefusal | { readonly nextToken?: string } | undefined;
  /** Cuts the link when it aborts; its reason's message is the reason. */
  readonly revoked?: AbortSignal;
}

/** Decides whether a plugin may bind. A throw counts as no, with the code `internal`, and is noted in the log. */
export type Admit = (
  facts: BindFacts,
) => boolean | BindRefusal | BindAdmission | Promise<boolean | BindRefusal | BindAdmission>;

/** Whether something that an {@link Admit} or an `accept` gave is a refusal. */
export function isRefusal(value: unknown): value is BindRefusal {
  return typeof value === "object" && value !== null && "code" in value;
}
