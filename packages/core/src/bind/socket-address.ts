/** Where a host listens for plugins, without a WebSocket. */
export type BindSocketAddress =
  | { readonly network: "unix"; readonly path: string }
  | { readonly network: "tcp"; readonly host: string; readonly port: number };

/** Reads `unix:/path`, `host:port` or `[ipv6]:port`, the port 0 to 65535; undefined where it is none of them. */
export function parseBindSocketAddress(text: string): BindSocketAddress | undefined {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path === "" || path.includes("\0") ? undefined : { network: "unix", path };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^[\]\s/]*:[^[\]\s/]*)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { network: "tcp", host, port };
}
