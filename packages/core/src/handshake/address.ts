import { TenonError } from "../errors.js";

/**
 * Splits the address of a `tcp` handshake: `127.0.0.1:1234`, `name:1234`, `[::1]:1234`, or `:1234`, which means this
 * machine and gives the host `127.0.0.1`. Brackets are removed.
 *
 * @throws {@link TenonError} `address-invalid` when there is no port from 1 to 65535 or the host is malformed
 */
export function splitTcpAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\s[\]]+)\]|([^\s:[\]]*)):([0-9]{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    throw new TenonError(
      "address-invalid",
      `The plugin's TCP address ${JSON.stringify(address)} is no host:port with a port from 1 to 65535.`,
      { facts: { address } },
    );
  }
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}
