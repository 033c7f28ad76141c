import type { Requirement } from "../requirement.js";

export const handshakeRows: readonly Requirement[] = [
  {
    id: "HS-01",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence:
      "A plugin writes exactly one handshake line to its real standard output, ended by a line feed, with nothing before it and nothing after it.",
  },
  {
    id: "HS-02",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence: "A written line has six fields divided by |, the sixth of them empty where there is no TLS.",
  },
  {
    id: "HS-03",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence:
      "The seventh field is written only where the host set PLUGIN_MULTIPLEX_GRPC, to whatever value, and says true.",
  },
  {
    id: "HS-04",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A core version other than 1 is refused with core-version-mismatch.",
  },
  {
    id: "HS-05",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A first line of fewer than four fields is refused with handshake-malformed.",
  },
  {
    id: "HS-06",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A core or contract version that is no decimal integer is refused with handshake-malformed.",
  },
  {
    id: "HS-07",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A network other than unix and tcp is refused with address-invalid.",
  },
  {
    id: "HS-08",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "An empty address, or a TCP address without a port from 1 to 65535, is refused with address-invalid; 127.0.0.1:1, name:1, [::1]:1 and :1 are accepted.",
  },
  {
    id: "HS-09",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A line of four fields means net/rpc, which is refused with transport-unsupported.",
  },
  {
    id: "HS-10",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A fifth field that is neither grpc nor netrpc is refused with transport-unsupported.",
  },
  {
    id: "HS-11",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A line of five fields is accepted and means a plugin without TLS.",
  },
  {
    id: "HS-12",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A sixth field of up to 50 characters is ignored.",
  },
  {
    id: "HS-13",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A longer sixth field that is no base64 of the standard alphabet is refused with certificate-encoding.",
  },
  {
    id: "HS-14",
    side: "host",
    source: "docs/protocol/go-plugin.md, differences",
    sentence: "Base64 padding of the certificate is accepted when read and never written.",
  },
  {
    id: "HS-15",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A sixth field that is base64 but no certificate is refused with certificate-invalid.",
  },
  {
    id: "HS-16",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A seventh field that nobody asked for, or that is no Go boolean, and every further field, are ignored.",
  },
  {
    id: "HS-17",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "White space around the line, a carriage return included, is dropped.",
  },
  {
    id: "HS-18",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence:
      "Only the first line counts: a banner before the handshake line is refused with handshake-malformed, and the error shows the banner escaped.",
  },
  {
    id: "HS-19",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A first line longer than 64 KiB is refused with handshake-too-long as soon as the limit is passed.",
  },
  {
    id: "HS-20",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "A line that arrives in pieces of any size is read whole.",
  },
  {
    id: "HS-21",
    side: "plugin",
    source: "docs/protocol/go-plugin.md, the line",
    sentence: "An address that holds | or a line break is refused with address-invalid before anything is written.",
  },
  {
    id: "HS-22",
    side: "both",
    source: "docs/protocol/go-plugin.md, the line",
    sentence:
      "Reading a written line gives back what was written, and no input makes the reader throw anything but a TenonError.",
  },
  {
    id: "HS-23",
    side: "host",
    source: "docs/protocol/go-plugin.md, life of an instance",
    sentence:
      "Standard output is read for the life of the process, lines of any length included, so that a plugin never blocks on it.",
  },
  {
    id: "HS-24",
    side: "host",
    source: "go-plugin v1.8.0, host, start",
    sentence: "Fields are read from the left, and the first wrong one decides.",
  },
  {
    id: "HS-25",
    side: "plugin",
    source: "go-plugin v1.8.0, plugin, serve",
    sentence:
      "The sixth field is the DER form of the certificate with which the plugin proves itself, in base64 without padding.",
  },
  {
    id: "HS-26",
    side: "host",
    source: "docs/protocol/go-plugin.md, the line",
    sentence: "An address of another machine is refused with address-invalid, unless the launcher runs plugins there.",
  },
  {
    id: "HS-27",
    side: "host",
    source: "docs/protocol/go-plugin.md, the line",
    sentence: "A socket path beyond the system's limit is refused with socket-path-too-long.",
  },
];
