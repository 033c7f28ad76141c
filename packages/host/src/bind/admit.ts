import type { Admit, BindAdmission, BindCertificate, BindFacts, BindRefusal } from "./facts.js";
import { isRefusal } from "./facts.js";
import type { Tokens } from "./tokens.js";

/** Admits whoever comes. For a unix socket that only its owner can open, and for tests. */
export function admitAnyone(): Admit {
  return () => true;
}

/** Admits plugins by name, each with the contracts that are listed, or with any where it says `true`. */
export function allowPlugins(list: Readonly<Record<string, true | readonly string[]>>): Admit {
  return ({ plugin, contract }) => {
    const allowed = Object.hasOwn(list, plugin) ? list[plugin] : undefined;
    if (allowed === undefined) return refuse(`the plugin "${plugin}" is not on the list`);
    return allowed === true || allowed.includes(contract)
      ? true
      : refuse(`the plugin "${plugin}" may not serve the contract "${contract}"`);
  };
}

/** Admits by token: the one that was issued for this plugin. A token that is revoked cuts its links. */
export function requireToken(tokens: Tokens): Admit {
  return (facts) => tokens.check(facts);
}

/**
 * Admits by client certificate. By default its common name, or one of its DNS names, has to be the plugin's name.
 */
export function requireCertificate(
  isRight: (certificate: BindCertificate, facts: BindFacts) => boolean = namesPlugin,
): Admit {
  return (facts) => {
    const { certificate, plugin } = facts;
    if (certificate === undefined) {
      return { code: "certificate-missing", reason: "a client certificate is wanted; dial in with one" };
    }
    if (isRight(certificate, facts)) return true;
    const reason = `the client certificate is not that of the plugin "${plugin}"`;
    return { code: "certificate-foreign", reason };
  };
}

/** Admits whom all of them admit. The first that refuses decides. */
export function admitAll(...admits: readonly Admit[]): Admit {
  return async (facts) => {
    const admissions: BindAdmission[] = [];
    for (const admit of admits) {
      const verdict = await admit(facts);
      if (verdict === false || isRefusal(verdict)) return verdict;
      if (verdict !== true) admissions.push(verdict);
    }
    return join(admissions);
  };
}

/** Admits whom one of them admits, asked in order. Where none does, the last one's refusal is told. */
export function admitAny(...admits: readonly Admit[]): Admit {
  return async (facts) => {
    let last: boolean | BindRefusal = false;
    for (const admit of admits) {
      const verdict = await admit(facts);
      if (verdict !== false && !isRefusal(verdict)) return verdict;
      last = verdict;
    }
    return last;
  };
}

function join(admissions: readonly BindAdmission[]): true | BindAdmission {
  if (admissions.length === 0) return true;
  if (admissions.length === 1) return admissions[0]!;
  const signals = admissions.flatMap(({ revoked }) => (revoked === undefined ? [] : [revoked]));
  return {
    accept() {
      let nextToken: string | undefined;
      for (const admission of admissions) {
        const result = admission.accept?.();
        if (isRefusal(result)) return result;
        nextToken ??= result?.nextToken;
      }
      return nextToken === undefined ? undefined : { nextToken };
    },
    ...(signals.length > 0 && { revoked: AbortSignal.any(signals) }),
  };
}

function namesPlugin({ commonName, dnsNames }: BindCertificate, { plugin }: BindFacts): boolean {
  return commonName === plugin || dnsNames.includes(plugin);
}

function refuse(reason: string): BindRefusal {
  return { code: "not-admitted", reason };
}
