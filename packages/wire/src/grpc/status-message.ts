/** Percent-encoding of `grpc-message` (gRPC over HTTP/2, "Status-Message"). */

const plain = /^[\x20-\x24\x26-\x7e]*$/;

/** UTF-8, with everything but printable ASCII and with `%` itself percent-encoded. */
export function encodeStatusMessage(message: string): string {
  if (plain.test(message)) return message;
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) encoded += String.fromCharCode(byte);
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** The opposite. Never fails: a broken escape stays as it is, broken UTF-8 becomes U+FFFD. */
export function decodeStatusMessage(value: string): string {
  if (!value.includes("%") && plain.test(value)) return value;
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const hex = value[i] === "%" ? /^[0-9a-fA-F]{2}$/.exec(value.slice(i + 1, i + 3)) : null;
    if (hex !== null) {
      bytes.push(Number.parseInt(hex[0], 16));
      i += 2;
    } else {
      bytes.push(value.charCodeAt(i) & 0xff);
    }
  }
  return Buffer.from(bytes).toString("utf8");
}
