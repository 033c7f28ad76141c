import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** `google.rpc.Status`, which `grpc-status-details-bin` carries: code = 1, message = 2, details = 3 (`google.protobuf.Any`). */
export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly type: string; readonly value: Uint8Array }[];
}

/** A detail as it came: its type name and its bytes. */
export interface IncomingDetail {
  readonly type: string;
  readonly value: Uint8Array<ArrayBuffer>;
}

const anyPrefix = "type.googleapis.com/";

/** A status with details as the value of `grpc-status-details-bin`: base64 without padding. */
export function encodeStatusDetails(status: RichStatus): string {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(status.code);
  if (status.message !== "") writer.tag(2, WireType.LengthDelimited).string(status.message);
  for (const { type, value } of status.details) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(anyPrefix + type);
    writer.tag(2, WireType.LengthDelimited).bytes(value);
    writer.join();
  }
  return Buffer.from(writer.finish()).toString("base64").replace(/=+$/, "");
}

/** The opposite; undefined when the value is no such message. */
export function decodeStatusDetails(value: string): (RichStatus & { details: IncomingDetail[] }) | undefined {
  try {
    const reader = new BinaryReader(new Uint8Array(Buffer.from(value, "base64")));
    let code = 0;
    let message = "";
    const details: IncomingDetail[] = [];
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === 1 && wireType === WireType.Varint) code = reader.int32();
      else if (field === 2 && wireType === WireType.LengthDelimited) message = reader.string();
      else if (field === 3 && wireType === WireType.LengthDelimited) details.push(decodeAny(reader.bytes()));
      else reader.skip(wireType, field);
    }
    return { code, message, details };
  } catch {
    return undefined;
  }
}

function decodeAny(bytes: Uint8Array): IncomingDetail {
  const reader = new BinaryReader(bytes);
  let url = "";
  let value = new Uint8Array(0);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1 && wireType === WireType.LengthDelimited) url = reader.string();
    else if (field === 2 && wireType === WireType.LengthDelimited) value = new Uint8Array(reader.bytes());
    else reader.skip(wireType, field);
  }
  return { type: url.slice(url.lastIndexOf("/") + 1), value };
}
