import type { Requirement } from "../requirement.js";

export const tlsRows: readonly Requirement[] = [
  {
    id: "TLS-01",
    side: "both",
    source: "docs/protocol/go-plugin.md, TLS",
    sentence: "Each start makes its own P-256 keys and self-signed certificates for localhost on both sides.",
  },
  {
    id: "TLS-02",
    side: "host",
    source: "docs/protocol/go-plugin.md, differences",
    sentence: "AutoMTLS is on unless the start says autoMtls: false, and the session tells which it is.",
  },
  {
    id: "TLS-03",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence: "A plugin uses TLS and sends a certificate only where PLUGIN_CLIENT_CERT is set.",
  },
  {
    id: "TLS-04",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, TLS",
    sentence:
      "Under AutoMTLS a plugin answers only to the holder of the host's certificate: a caller without one, or with another, gets no answer.",
  },
  {
    id: "TLS-05",
    side: "host",
    source: "go-plugin v1.8.0, host, TLS",
    sentence:
      "The host trusts only the certificate of the handshake line; another one makes start fail with tls-failed.",
  },
  {
    id: "TLS-06",
    side: "both",
    source: "go-plugin v1.8.0, both, TLS",
    sentence: "TLS is at least 1.2, with server name localhost and ALPN h2.",
  },
  {
    id: "TLS-07",
    side: "host",
    source: "docs/protocol/go-plugin.md, TLS",
    sentence:
      "A line without a certificate under AutoMTLS is refused with tls-missing before anything is sent in the clear.",
  },
  {
    id: "TLS-08",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, differences",
    sentence: "A plugin whose PLUGIN_CLIENT_CERT cannot be read refuses to serve with certificate-invalid.",
  },
  {
    id: "TLS-09",
    side: "both",
    source: "go-plugin v1.8.0, both, TLS",
    sentence: "Certificates on other curves and with other extensions, such as Go's P-521, are accepted.",
  },
  {
    id: "TLS-10",
    side: "host",
    source: "docs/protocol/go-plugin.md, the line",
    sentence: "A certificate in the line of a plugin that was asked for none is refused with tls-failed.",
  },
  {
    id: "TLS-11",
    side: "both",
    source: "docs/protocol/go-plugin.md, TLS",
    sentence:
      "A certificate made for AutoMTLS is for client and server, is no CA, and is valid from 30 seconds ago for 30 years.",
  },
  {
    id: "TLS-12",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, TLS provider",
    sentence: "A plugin with TLS of its own writes no certificate into its line and passes PLUGIN_CLIENT_CERT over.",
  },
  {
    id: "TLS-13",
    side: "host",
    source: "go-plugin v1.8.0, both, TLS",
    sentence: "A peer whose TLS does not choose h2 is refused with tls-failed.",
  },
];
