import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, test } from "node:test";
import { createCertificate } from "@tenon/wire";
import { eventually } from "@tenon/testkit";
import { admitAll, admitAny, allowPlugins, requireCertificate, requireToken } from "./admit.js";
import { listen } from "./listener.testing.js";
import type { HelloInit } from "./raw-plugin.testing.js";
import { createTokens } from "./tokens.js";

const hour = 3_600_000;

/** A host that wants tokens. */
async function listenForTokens(t: Parameters<typeof listen>[0], tokens = createTokens()) {
  const setup = await listen(t, { admit: requireToken(tokens) });
  let epoch = 0n;
  return {
    ...setup,
    tokens,
    /** Dials in and says what became of it. */
    bind: async (token: string, hello: HelloInit = {}) => {
      const plugin = await setup.dialIn();
      plugin.hello({ token, epoch: ++epoch, ...hello });
      const answer = await eventually(() =>
        plugin.came.find(({ case: kind }) => kind === "welcome" || kind === "reject"),
      );
      const code = answer.case === "reject" ? answer.value.code : "";
      const nextToken = answer.case === "welcome" ? answer.value.nextToken : "";
      return { plugin, code, nextToken, answer };
    },
  };
}

describe("a token [BIND-08]", () => {
  test("admits the plugin that it was issued for, and nobody else", async (t) => {
    const { tokens, bind, records, events } = await listenForTokens(t);
    const { token } = tokens.issue({ plugin: "kv", contract: "store" });
    const other = tokens.issue({ plugin: "kv", contract: "other" });
    assert.equal((await bind("")).code, "token-missing");
    assert.equal((await bind("nonsense")).code, "token-unknown");
    assert.equal((await bind(`${token}x`)).code, "token-unknown");
    assert.equal((await bind(token, { plugin: "thief" })).code, "token-foreign");
    assert.equal((await bind(other.token)).code, "token-foreign");
    assert.equal((await bind(token)).code, "");
    const secret = token.split(".")[1]!;
    assert.doesNotMatch(JSON.stringify([records, events.map(({ reason, id }) => [reason, id])]), new RegExp(secret));
  });

  test("expires", async (t) => {
    const { tokens, bind } = await listenForTokens(t);
    const { token } = tokens.issue({ plugin: "kv", expiresInMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal((await bind(token)).code, "token-expired");
  });

  test("that is revoked cuts its links at once, and is refused from then on [BIND-10]", async (t) => {
    const { tokens, bind, event } = await listenForTokens(t);
    const { token, id } = tokens.issue({ plugin: "kv" });
    const bystander = tokens.issue({ plugin: "bystander" });
    const { plugin } = await bind(token);
    const { plugin: other } = await bind(bystander.token, { plugin: "bystander" });
    await event("ready");
    assert.equal(tokens.revoke(id), true);
    assert.equal((await event("unmounted")).plugin, "kv");
    const { reason, mayReturn } = await plugin.got("goodbye");
    assert.match(reason, new RegExp(id));
    assert.equal(mayReturn, false);
    assert.equal((await bind(token)).code, "token-revoked");
    assert.equal(
      other.came.some(({ case: kind }) => kind === "goodbye"),
      false,
    );
    assert.equal(tokens.revoke("nothing"), false);
  });

  test("for once is replaced by each Welcome; only its instance may repeat the last one [BIND-09]", async (t) => {
    const { tokens, bind } = await listenForTokens(t);
    const { token } = tokens.issue({ plugin: "kv", singleUse: true });
    const first = await bind(token);
    assert.notEqual(first.nextToken, "");
    assert.equal((await bind(token, { instance: "kv-2" })).code, "token-used");
    assert.equal((await bind(first.nextToken, { instance: "kv-2" })).code, "token-used");
    const second = await bind(first.nextToken);
    assert.equal(second.code, "");
    // The Welcome before may have been lost.
    const third = await bind(first.nextToken);
    assert.equal(third.code, "");
    assert.equal((await bind(token)).code, "token-unknown");
    assert.equal((await bind(second.nextToken)).code, "token-unknown", "its place was taken");
  });

  test("is kept as a hash, and known to the next host", async (t) => {
    const before = createTokens();
    const { token } = before.issue({ plugin: "kv", expiresInMs: hour });
    before.revoke(before.issue({ plugin: "gone" }).id);
    const stored = before.stored();
    assert.equal(stored.length, 1);
    assert.doesNotMatch(JSON.stringify(stored), new RegExp(token.split(".")[1]!));
    const { bind } = await listenForTokens(t, createTokens({ stored: JSON.parse(JSON.stringify(stored)) }));
    assert.equal((await bind(token)).code, "");
  });
});

describe("client certificates", () => {
  const authority = createCertificate();
  const own = createCertificate({ commonName: "kv" });
  const stranger = createCertificate({ commonName: "kv" });
  const tls = { cert: authority.certPem, key: authority.keyPem, ca: own.certPem };
  const dial = { ca: authority.certPem, servername: "localhost" };
  const withOwn = { ...dial, cert: own.certPem, key: own.keyPem };

  test("name their plugin", async (t) => {
    const { dialIn } = await listen(t, { tls, admit: requireCertificate() });
    const plugin = await dialIn({ tls: withOwn });
    plugin.hello();
    await plugin.got("welcome");
    const thief = await dialIn({ tls: withOwn });
    thief.hello({ plugin: "other" });
    assert.equal((await thief.got("reject")).code, "certificate-foreign");
  });

  test("that the host's authority does not vouch for are refused before a frame is read", async (t) => {
    const { dialIn, events, records } = await listen(t, { tls, admit: requireCertificate() });
    for (const wrong of [dial, { ...dial, cert: stranger.certPem, key: stranger.keyPem }]) {
      const plugin = await dialIn({ tls: wrong });
      plugin.hello();
      assert.ok((await plugin.ended()).error);
    }
    assert.deepEqual(events, []);
    await eventually(() => records.some(({ level, message }) => level === "warn" && message.includes("TLS handshake")));
  });

  test("that the host's authority does not vouch for are told to the log", async (t) => {
    const { dialIn, records } = await listen(t, { tls, admit: requireCertificate() });
    const plugin = await dialIn({ tls: { ...dial, cert: stranger.certPem, key: stranger.keyPem } });
    assert.ok((await plugin.ended()).error);
    const { message } = await eventually(() => records.find(({ level }) => level === "warn"));
    assert.match(message, /client certificate is not accepted/);
    t.diagnostic(message);
  });

  test("can be wanted for some plugins only", async (t) => {
    const tokens = createTokens();
    const { dialIn } = await listen(t, {
      tls: { ...tls, clientCertificates: "optional" },
      admit: admitAny(requireCertificate(), requireToken(tokens)),
    });
    const [secure, plain, none] = [
      await dialIn({ tls: withOwn }),
      await dialIn({ tls: dial }),
      await dialIn({ tls: dial }),
    ];
    secure.hello();
    plain.hello({ plugin: "plain", token: tokens.issue({ plugin: "plain" }).token });
    none.hello({ plugin: "none" });
    await Promise.all([secure.got("welcome"), plain.got("welcome")]);
    assert.equal((await none.got("reject")).code, "token-missing");
  });

  test("a token can be bound to one [BIND-08]", async (t) => {
    const tokens = createTokens();
    const certificate = new X509Certificate(own.certPem).fingerprint256;
    const { token } = tokens.issue({ plugin: "kv", certificate });
    const { dialIn } = await listen(t, {
      tls: { ...tls, clientCertificates: "optional" },
      admit: admitAll(allowPlugins({ kv: true }), requireToken(tokens)),
    });
    const [thief, plugin] = [await dialIn({ tls: dial }), await dialIn({ tls: withOwn })];
    thief.hello({ token });
    assert.equal((await thief.got("reject")).code, "token-foreign");
    plugin.hello({ token });
    await plugin.got("welcome");
  });
});
