import type { Requirement } from "../requirement.js";

export const languageRows: readonly Requirement[] = [
  {
    id: "LANG-01",
    side: "host",
    source: "docs/guides/plugin-in-any-language.md",
    sentence:
      "The key-value plugins in TypeScript, Go, Python, Rust and Java can be started, called, heard, stopped and lost alike, in plaintext and with AutoMTLS.",
  },
  {
    id: "LANG-02",
    side: "plugin",
    source: "docs/guides/plugin-in-any-language.md",
    sentence:
      "Each of them refuses to run without its cookie, and ends with its lifeline where it was promised one, and by SIGTERM.",
  },
];
