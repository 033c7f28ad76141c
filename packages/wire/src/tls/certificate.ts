import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import {
  bitString,
  boolean,
  element,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
} from "./der.js";
import { checkNumbers, invalidOption } from "../options/check.js";

/** Options of a certificate. Each has a default. */
export interface CertificateOptions {
  /** Common name and DNS name. Default `localhost`, the name that go-plugin's peers verify. */
  readonly commonName?: string;
  /** Default `Tenon`. */
  readonly organization?: string;
  /** How long it is valid from now on, in milliseconds. Default 30 years, as go-plugin's: the key lives in memory only. */
  readonly validityMs?: number;
}

/** A certificate with its private key. */
export interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly der: Buffer;
}

const thirtyYears = 262_980 * 3_600_000;
const maxValidityMs = 100 * thirtyYears;
/** The start of validity lies back by this much: clocks differ. go-plugin has the same. */
const backdate = 30_000;

const ecdsaWithSha256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));

/**
 * Makes a P-256 key and a self-signed certificate for one process start, for client and server, as AutoMTLS needs it. P-256
 * because not every gRPC stack knows go-plugin's own P-521; no CA, as go-plugin's is, because rustls refuses a client whose
 * certificate says so. Takes about 3 ms.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function createCertificate(options: CertificateOptions = {}): Certificate {
  checkNumbers(options, { validityMs: [1, maxValidityMs] });
  checkName("commonName", options.commonName);
  checkName("organization", options.organization);
  const name = options.commonName ?? "localhost";
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const now = Date.now();
  const subject = sequence(
    set(sequence(objectIdentifier("2.5.4.10"), utf8String(options.organization ?? "Tenon"))),
    set(sequence(objectIdentifier("2.5.4.3"), utf8String(name))),
  );
  const toBeSigned = sequence(
    element(0xa0, unsignedInteger(Buffer.from([2]))),
    unsignedInteger(randomBytes(16)),
    ecdsaWithSha256,
    subject,
    sequence(time(new Date(now - backdate)), time(new Date(now + (options.validityMs ?? thirtyYears)))),
    subject,
    spki,
    element(0xa3, sequence(...extensions(name, spki))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const der = sequence(toBeSigned, ecdsaWithSha256, bitString(signature));
  return {
    der,
    certPem: pem(der),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

function checkName(option: string, name: unknown): void {
  if (name === undefined || (typeof name === "string" && name !== "")) return;
  throw invalidOption(option, name, "a text that is not empty");
}

/** RFC 5280 §4.2: who may do what with the certificate. */
function extensions(dnsName: string, spki: Buffer): Buffer[] {
  const extension = (id: string, critical: boolean, value: Buffer) =>
    sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value));
  // digitalSignature, keyEncipherment and keyAgreement are bits 0, 2 and 4.
  const keyUsage = bitString(Buffer.from([0b1010_1000]), 3);
  const serverAndClient = sequence(objectIdentifier("1.3.6.1.5.5.7.3.2"), objectIdentifier("1.3.6.1.5.5.7.3.1"));
  return [
    extension("2.5.29.15", true, keyUsage),
    extension("2.5.29.37", false, serverAndClient),
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.14", false, octetString(createHash("sha1").update(spki).digest())),
    extension("2.5.29.17", false, sequence(element(0x82, Buffer.from(dnsName, "latin1")))),
  ];
}

/** PEM text of a DER certificate, with a final newline. */
function pem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
