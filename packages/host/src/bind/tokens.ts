import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { setMaxListeners } from "node:events";
import { checkKeys, durationMs, booleanOr, invalidOption, textOrNothing } from "../options/check.js";
import type { BindAdmission, BindFacts, BindRefusal } from "./facts.js";

/** What a token is good for. */
export interface TokenOptions {
  /** The only plugin that may use it. */
  readonly plugin: string;
  /** The only contract that may be served with it. Default: any. */
  readonly contract?: string;
  /** How long a plugin may bind with it, in milliseconds from now; a live link stays. Default: a day. */
  readonly expiresInMs?: number;
  /**
   * Whether it can be used once. The Welcome then carries the token of the next Hello of the same instance, and so on. In case that Welcome
   * is lost, the one before is good again for 10 s, from the same instance. Default false.
   */
  readonly singleUse?: boolean;
  /** SHA-256 of the client certificate with which alone it may be used, as `BindCertificate.fingerprint256`. Default: any, and none. */
  readonly certificate?: string;
}

/** A token as it may be kept: with the hash of its secret. */
export interface StoredToken {
  /** Names the token, and is no secret. */
  readonly id: string;
  readonly plugin: string;
  readonly contract?: string;
  readonly certificate?: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly singleUse: boolean;
  /** SHA-256 of the secret, in hexadecimal. */
  readonly hash: string;
  /** Of a token for once that was used: the only instance that may go on with it. */
  readonly instance?: string;
}

/** The tokens with which plugins may bind. */
export interface Tokens {
  /** Issues one. The text is known to nobody else from now on: only its hash is kept. */
  issue(options: TokenOptions): { readonly token: string; readonly id: string };
  /** Takes one back. Its links are cut at once. False where there is none of this id. */
  revoke(id: string): boolean;
  /** What is kept, to be given to `createTokens` by the next host. Without secrets. Expired ones are left out. */
  stored(): StoredToken[];
  /** Whether the token of a plugin is right. See `requireToken`. */
  check(facts: BindFacts): BindRefusal | BindAdmission;
}

interface Entry extends Omit<StoredToken, "hash" | "instance"> {
  hash: Buffer;
  instance: string | undefined;
  /** The one before, and until when it may still be used. */
  previous: { readonly hash: Buffer; readonly untilMs: number } | undefined;
  isRevoked: boolean;
  readonly revocation: AbortController;
}

const dayMs = 24 * 60 * 60 * 1000;
const lostWelcomeMs = 10_000;
const secretBytes = 32;
const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/**
 * Makes a keeper of tokens. Secrets are hashed with SHA-256, which is enough for 256 random bits, and compared in constant time.
 *
 * @param options.stored - what `stored()` gave, so that plugins can come back to a new host
 * @throws TenonError `option-invalid`
 */
export function createTokens(options: { readonly stored?: readonly StoredToken[] } = {}): Tokens {
  checkKeys("options", options, ["stored"]);
  const entries = new Map<string, Entry>();
  for (const stored of options.stored ?? []) entries.set(stored.id, entryOf(stored));
  const nobody = hashOf("");

  const next = (entry: Entry, instance: string, given: Buffer): string => {
    const secret = randomBytes(secretBytes).toString("base64url");
    // The one before was used again: its successor was lost, and the time for that runs on.
    if (given.equals(entry.hash)) entry.previous = { hash: given, untilMs: performance.now() + lostWelcomeMs };
    entry.hash = hashOf(secret);
    entry.instance = instance;
    return `${entry.id}.${secret}`;
  };

  const check = (facts: BindFacts): BindRefusal | BindAdmission => {
    const { token, plugin, instance } = facts;
    if (token === "") return { code: "token-missing", reason: "a token is wanted; give the plugin one" };
    const dot = token.indexOf(".");
    const entry = entries.get(token.slice(0, Math.max(dot, 0)));
    const given = hashOf(token.slice(dot + 1));
    const isCurrent = timingSafeEqual(given, entry?.hash ?? nobody);
    const isPrevious = timingSafeEqual(given, entry?.previous?.hash ?? nobody);
    if (entry === undefined || !(isCurrent || isPrevious)) {
      return { code: "token-unknown", reason: "there is no such token; issue a new one" };
    }
    if (entry.isRevoked) return { code: "token-revoked", reason: `the token ${entry.id} was taken back` };
    if (entry.expiresAt <= Date.now()) {
      return { code: "token-expired", reason: `the token ${entry.id} has expired; issue a new one` };
    }
    const stranger = findStranger(entry, facts);
    if (stranger !== undefined) return { code: "token-foreign", reason: `the token ${entry.id} is ${stranger}` };
    const isGood = () => {
      if (entry.instance !== undefined && entry.instance !== instance) return false;
      if (given.equals(entry.hash)) return true;
      return (
        entry.previous !== undefined && performance.now() < entry.previous.untilMs && given.equals(entry.previous.hash)
      );
    };
    const used: BindRefusal = { code: "token-used", reason: `the token ${entry.id} of "${plugin}" was good for once` };
    if (entry.singleUse && !isGood()) return used;
    return {
      accept: () => {
        if (entry.isRevoked) return { code: "token-revoked", reason: `the token ${entry.id} was taken back` };
        if (!entry.singleUse) return undefined;
        return isGood() ? { nextToken: next(entry, instance, given) } : used;
      },
      revoked: entry.revocation.signal,
    };
  };

  return {
    issue(given) {
      const { plugin, contract, expiresAt, singleUse, certificate } = parse(given);
      const id = randomBytes(6).toString("hex");
      const secret = randomBytes(secretBytes).toString("base64url");
      const scope = { ...(contract !== undefined && { contract }), ...(certificate !== undefined && { certificate }) };
      entries.set(id, entryOf({ id, plugin, ...scope, expiresAt, singleUse, hash: hashOf(secret).toString("hex") }));
      return Object.freeze({ token: `${id}.${secret}`, id });
    },
    revoke(id) {
      const entry = entries.get(id);
      if (entry === undefined) return false;
      entry.isRevoked = true;
      entry.revocation.abort(new Error(`the token ${id} was taken back`));
      return true;
    },
    stored() {
      const live = [...entries.values()].filter((entry) => !entry.isRevoked && entry.expiresAt > Date.now());
      return live.map(storedOf);
    },
    check,
  };
}

function findStranger(entry: Entry, { plugin, contract, certificate }: BindFacts): string | undefined {
  if (entry.plugin !== plugin) return "another plugin's";
  if (entry.contract !== undefined && entry.contract !== contract) return "for another contract";
  if (entry.certificate !== undefined && entry.certificate !== certificate?.fingerprint256) {
    return "bound to another client certificate";
  }
  return undefined;
}

function storedOf({ id, plugin, contract, certificate, expiresAt, singleUse, hash, instance }: Entry): StoredToken {
  return Object.freeze({
    id,
    plugin,
    ...(contract !== undefined && { contract }),
    ...(certificate !== undefined && { certificate }),
    expiresAt,
    singleUse,
    hash: hash.toString("hex"),
    ...(instance !== undefined && { instance }),
  });
}

/** Each link of the token listens. */
function createRevocation(): AbortController {
  const revocation = new AbortController();
  setMaxListeners(0, revocation.signal);
  return revocation;
}

function entryOf({ hash, instance, ...stored }: StoredToken): Entry {
  return {
    ...stored,
    hash: Buffer.from(hash, "hex"),
    instance,
    previous: undefined,
    isRevoked: false,
    revocation: createRevocation(),
  };
}

function parse(given: TokenOptions) {
  checkKeys("token", given, ["plugin", "contract", "expiresInMs", "singleUse", "certificate"]);
  const plugin = textOrNothing("token.plugin", given.plugin);
  if (plugin === undefined) throw invalidOption("token.plugin", "it must name the plugin");
  return {
    plugin,
    contract: textOrNothing("token.contract", given.contract),
    expiresAt: Date.now() + durationMs("token.expiresInMs", given.expiresInMs, dayMs, 1),
    singleUse: booleanOr("token.singleUse", given.singleUse, false),
    certificate: textOrNothing("token.certificate", given.certificate),
  };
}
