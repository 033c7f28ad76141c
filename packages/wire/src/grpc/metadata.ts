import type { HeaderField } from "../hpack/field.js";

/** What Connect-ES takes as metadata: `Headers`, a record, or pairs. */
export type MetadataInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** Names that the protocol itself uses: metadata of callers and handlers cannot set them. */
const reserved = new Set([
  "connection",
  "content-length",
  "content-type",
  "grpc-encoding",
  "grpc-accept-encoding",
  "grpc-message",
  "grpc-status",
  "grpc-status-details-bin",
  "grpc-timeout",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const isPrepared: unique symbol = Symbol("tenon.prepared-metadata");

/** Metadata for several calls that needs no look at each of them: names in lower case, none twice, none reserved. */
export function prepareMetadata(fields: [name: string, value: string][]): [name: string, value: string][] {
  return Object.assign(fields, { [isPrepared]: true });
}

/**
 * Metadata as header fields. Values of `-bin` keys are base64 text on both sides of this function, as Connect-ES has it
 * (`encodeBinaryHeader`, `decodeBinaryHeader`). Reserved names are left out.
 */
export function fieldsFromHeaders(init: MetadataInit): HeaderField[] {
  if (isPrepared in init) return init as unknown as HeaderField[];
  const fields: HeaderField[] = [];
  const headers = init instanceof Headers ? init : new Headers(init);
  headers.forEach((value, name) => {
    if (!reserved.has(name)) fields.push([name, value]);
  });
  return fields;
}

/** Received fields as metadata: pseudo fields and the status left out, repeated names joined by ", ". */
export function headersFromFields(fields: readonly HeaderField[], into: Headers = new Headers()): Headers {
  for (const [name, value] of fields) {
    if (name.charCodeAt(0) === 0x3a || name === "grpc-status" || name === "grpc-message") continue;
    try {
      into.append(name, value);
    } catch {
      // A name or value that HTTP allows and Headers does not: there is no way to show it to the caller.
    }
  }
  return into;
}

/** The value of the last field called `name`. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  for (let i = fields.length - 1; i >= 0; i--) {
    if (fields[i]![0] === name) return fields[i]![1];
  }
  return undefined;
}
