/** Every code of a Reject of the bind protocol, and whether the same Hello may be taken later. The list is closed. */
export const rejectCodes = {
  "protocol-unsupported": { meaning: "No version of the protocol in common.", retryable: false },
  "hello-malformed": {
    meaning: "A field of Hello cannot be what it is, or something else came first.",
    retryable: false,
  },
  "hello-late": { meaning: "No Hello, or no answer to a question about it, in time.", retryable: true },
  "host-busy": { meaning: "The host holds as many plugins, or greets as many, as it may.", retryable: true },
  "host-closing": { meaning: "The host is about to end.", retryable: true },
  "contract-unknown": { meaning: "The host wants no such contract.", retryable: false },
  "contract-ambiguous": {
    meaning: "What the plugin serves fits several contracts, and it names none.",
    retryable: false,
  },
  "version-mismatch": { meaning: "No version of the contract in common.", retryable: false },
  "shape-mismatch": { meaning: "A service of the plugin is not what the contract says.", retryable: false },
  "host-service-missing": { meaning: "The plugin needs a host service that it is not given.", retryable: false },
  "token-missing": { meaning: "A token is wanted and none was sent.", retryable: false },
  "token-unknown": { meaning: "No such token was ever issued, or it is wrong.", retryable: false },
  "token-expired": { meaning: "The token's time is over.", retryable: false },
  "token-revoked": { meaning: "The token was taken back.", retryable: false },
  "token-used": { meaning: "The token was good for once.", retryable: false },
  "token-foreign": { meaning: "The token is another plugin's, contract's or certificate's.", retryable: false },
  "certificate-missing": { meaning: "A client certificate is wanted and none was shown.", retryable: false },
  "certificate-foreign": { meaning: "The client certificate is not this plugin's.", retryable: false },
  "not-admitted": { meaning: "The host does not want this plugin.", retryable: false },
  "epoch-stale": { meaning: "The instance has bound with this epoch, or a newer one, already.", retryable: false },
  kicked: { meaning: "The host has sent this instance away.", retryable: false },
  internal: { meaning: "The host could not decide; its log says why.", retryable: true },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly retryable: boolean }>>;

/** A code of {@link rejectCodes}. */
export type RejectCode = keyof typeof rejectCodes;
