import { type Check, broken, held, verdict } from "../../conformance/check.js";
import { createCertificate, type Channel, createChannel } from "@tenon/wire";
import type { PluginSubject } from "../subject.js";
import { askHealth, describeAnswer, mustAnswer } from "../calls.js";
import { dialPlain, dialSocket, isAnswered, readCertificate, type SecureOptions, secureStream } from "../connect.js";
import { certificateField } from "../line.js";

const area = "TLS";
const needs = ["handshake-line", "tls-offered", "two-connections"];
/** How long a connection that is to be refused may go without an answer. */
const refusalMs = 1500;

/** TLS to the plugin that was offered our certificate. */
async function secure(subject: PluginSubject, options?: Partial<SecureOptions>) {
  const { target } = await subject.secure();
  const { timeoutMs } = subject.settings;
  return secureStream(await dialSocket(target, timeoutMs), { own: subject.own, ...options }, timeoutMs);
}

async function field(subject: PluginSubject): Promise<string> {
  return certificateField((await subject.secure()).line) ?? "";
}

async function refuses(subject: PluginSubject, options: Partial<SecureOptions>) {
  const stream = await secure(subject, options).catch(() => undefined);
  if (stream === undefined) return held("no TLS for it");
  return (await isAnswered(stream, refusalMs)) ? broken("it is answered") : held("no answer for it");
}

/** A channel to the plugin that was offered our certificate. */
async function secureChannel(subject: PluginSubject): Promise<Channel> {
  return createChannel(await secure(subject));
}

/** AutoMTLS, as a host asks for it with `PLUGIN_CLIENT_CERT`. */
export const tlsChecks: readonly Check<PluginSubject>[] = [
  {
    id: "tls-uninvited",
    area,
    title: "without PLUGIN_CLIENT_CERT the plugin sends no certificate",
    rule: "TLS-03; go-plugin: a host that did not ask panics",
    level: "must",
    needs: ["handshake-line"],
    expects: "a sixth field that is empty or missing",
    next: "Make a certificate only where the host sent its own.",
    run: async (subject) => {
      const sent = certificateField((await subject.plain()).line);
      return verdict(sent === undefined, sent === undefined ? "none" : `a field of ${sent.length} characters`);
    },
  },
  {
    id: "tls-offered",
    area,
    title: "offered a certificate, the plugin answers with its own",
    rule: "TLS-01, TLS-07; go-plugin: AutoMTLS",
    level: "should",
    needs: ["handshake-line"],
    expects: "a certificate in the sixth field",
    next: "Support AutoMTLS: hosts that insist on it, Tenon's by default, cannot use the plugin otherwise.",
    run: async (subject) => {
      const sent = await field(subject);
      return verdict(sent !== "", sent === "" ? "no certificate in the line" : `${sent.length} characters`);
    },
  },
  {
    id: "tls-encoding",
    area,
    title: "the certificate is base64 of the standard alphabet without padding",
    rule: "HS-13, HS-14; go-plugin: RawStdEncoding",
    level: "must",
    needs,
    expects: "A–Z a–z 0–9 + / and nothing else",
    next: "Strip the = at the end; Go hosts refuse it.",
    run: async (subject) => {
      const sent = await field(subject);
      const odd = /[^A-Za-z0-9+/]/.exec(sent)?.[0];
      return verdict(
        odd === undefined,
        odd === undefined ? `${sent.length} characters` : `it holds ${JSON.stringify(odd)}`,
      );
    },
  },
  {
    id: "tls-certificate",
    area,
    title: "the certificate is X.509 in DER, for localhost, and valid now",
    rule: "TLS-01, HS-15; go-plugin: ServerName localhost",
    level: "must",
    needs: [...needs, "tls-encoding"],
    expects: "DNS:localhost, begun and not ended",
    next: "Name localhost as a DNS name, and let validity begin a little before now.",
    run: async (subject) => {
      const certificate = readCertificate(await field(subject));
      const now = Date.now();
      const isValid = Date.parse(certificate.validFrom) <= now && now < Date.parse(certificate.validTo);
      const names = certificate.subjectAltName ?? "no alternative name";
      return verdict(
        isValid && certificate.checkHost("localhost") !== undefined,
        `${names}, ${isValid ? "" : "not "}valid now`,
      );
    },
  },
  {
    id: "tls-holder",
    area,
    title: "the plugin proves to hold the certificate of its line",
    rule: "TLS-05",
    level: "must",
    needs: [...needs, "tls-encoding"],
    expects: "the same certificate in the TLS handshake",
    next: "Serve with the certificate that was printed.",
    run: async (subject) => {
      const stream = await secure(subject);
      const shown = stream.getPeerX509Certificate();
      stream.destroy();
      const printed = readCertificate(await field(subject));
      return verdict(
        shown?.raw.equals(printed.raw) ?? false,
        shown === undefined ? "none" : `serial ${shown.serialNumber}`,
      );
    },
  },
  {
    id: "tls-alpn",
    area,
    title: "the plugin selects h2 by ALPN",
    rule: "TLS-06; grpc-go since 1.67",
    level: "must",
    needs,
    expects: "h2",
    next: "Offer h2 in ALPN; current Go hosts close the connection otherwise.",
    run: async (subject) => {
      const stream = await secure(subject);
      const { alpnProtocol } = stream;
      stream.destroy();
      return verdict(alpnProtocol === "h2", alpnProtocol === false ? "nothing" : String(alpnProtocol));
    },
  },
  {
    id: "tls-answers",
    area,
    title: "the plugin answers calls of the host whose certificate it was sent",
    rule: "TLS-04, TLS-09",
    level: "must",
    needs,
    expects: "an answer, also where the host's key is P-256",
    next: "Trust the certificate of PLUGIN_CLIENT_CERT, all of it, line breaks included.",
    run: async (subject) => {
      const channel = await secureChannel(subject);
      const answer = await askHealth(channel, "plugin", subject.settings.timeoutMs);
      await mustAnswer(channel, subject.settings.timeoutMs);
      channel.destroy();
      return held(describeAnswer(answer));
    },
  },
  {
    id: "tls-demands",
    area,
    title: "whoever shows no certificate gets no answer",
    rule: "TLS-04; go-plugin: RequireAndVerifyClientCert",
    level: "must",
    needs,
    expects: "no answer",
    next: "Require a client certificate, and refuse connections without.",
    run: (subject) => refuses(subject, { own: undefined }),
  },
  {
    id: "tls-stranger",
    area,
    title: "whoever shows another certificate gets no answer",
    rule: "TLS-04; go-plugin: the host's certificate is the only root",
    level: "must",
    needs,
    expects: "no answer",
    next: "Trust nothing but the certificate of PLUGIN_CLIENT_CERT.",
    run: (subject) => refuses(subject, { own: createCertificate() }),
  },
  {
    id: "tls-no-plaintext",
    area,
    title: "in plaintext nobody gets an answer",
    rule: "TLS-04",
    level: "must",
    needs,
    expects: "no answer",
    next: "Serve TLS alone on this address.",
    run: async (subject) => {
      const { target } = await subject.secure();
      const answers = await isAnswered(await dialSocket(target, subject.settings.timeoutMs), refusalMs);
      return verdict(!answers, answers ? "it is answered" : "no answer");
    },
  },
  {
    id: "tls-1.2",
    area,
    title: "a host that speaks TLS 1.2 at most is served too",
    rule: "TLS-06; go-plugin: MinVersion TLS 1.2",
    level: "should",
    needs: [...needs, "tls-answers"],
    expects: "a connection with TLS 1.2",
    next: "Accept TLS 1.2 as well as 1.3.",
    run: async (subject) => {
      const stream = await secure(subject, { maxVersion: "TLSv1.2" });
      return verdict(await isAnswered(stream, subject.settings.timeoutMs), "TLS 1.2");
    },
  },
  {
    id: "tls-garbage",
    area,
    title: "a host's certificate that cannot be read never leads to plaintext",
    rule: "TLS-08; go-plugin: it refuses every connection",
    level: "must",
    needs,
    expects: "an end with an error, or no answer for anybody",
    next: "End with an error where PLUGIN_CLIENT_CERT cannot be read.",
    run: async (subject) => {
      const { process } = await subject.launch({ env: { PLUGIN_CLIENT_CERT: "no certificate" } });
      const line = await process.line(subject.settings.timeoutMs).catch(() => undefined);
      try {
        if (line === undefined)
          return process.exit === undefined ? broken("neither a line nor an end") : held("it ended");
        const channel = await dialPlain(line.target, subject.settings.timeoutMs);
        const answers = await channel.ping({ timeoutMs: refusalMs }).then(
          () => true,
          () => false,
        );
        channel.destroy();
        return verdict(!answers, answers ? "it answers in plaintext" : "no answer in plaintext");
      } finally {
        await process.kill();
      }
    },
  },
];
