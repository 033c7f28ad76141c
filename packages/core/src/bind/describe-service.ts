import { type DescEnum, type DescField, type DescMessage, type DescService, ScalarType } from "@bufbuild/protobuf";

/**
 * The canonical text of a service: its methods, and every message and enum that they lead to. Two services with the same text
 * understand each other's bytes and mean the same names; comments, options, files and the order of declarations are not in it. What each
 * line holds is in docs/protocol/bind.md. Its SHA-256 is the descriptor hash of the bind protocol.
 */
export function describeService(service: DescService): string {
  const types = new Map<string, string>();
  const methods = sorted(service.methods, ({ name }) => name).map((method) => {
    visit(method.input, types);
    visit(method.output, types);
    return `method ${method.name} ${method.methodKind} ${method.input.typeName} ${method.output.typeName}\n`;
  });
  const texts = [...types].sort(([one], [other]) => compare(one, other)).map(([, text]) => text);
  return `service ${service.typeName}\n${methods.join("")}${texts.join("")}`;
}

function visit(type: DescMessage | DescEnum, types: Map<string, string>): void {
  if (types.has(type.typeName)) return;
  if (type.kind === "enum") {
    const values = [...type.values].sort((one, other) => one.number - other.number || compare(one.name, other.name));
    const lines = values.map(({ number, name }) => `value ${number} ${name}\n`);
    types.set(type.typeName, `enum ${type.typeName}\n${lines.join("")}`);
    return;
  }
  // Before its fields: a message may contain itself.
  types.set(type.typeName, "");
  const fields = [...type.fields].sort((one, other) => one.number - other.number);
  const lines = fields.map((field) => `field ${field.number} ${shapeOf(field, types)} ${field.name}\n`);
  types.set(type.typeName, `message ${type.typeName}\n${lines.join("")}`);
}

function shapeOf(field: DescField, types: Map<string, string>): string {
  const named = field.message ?? field.enum;
  if (named !== undefined) visit(named, types);
  const type = named?.typeName ?? scalarName(field.scalar);
  if (field.fieldKind === "map") return `map ${scalarName(field.mapKey)} ${type}`;
  return `${field.fieldKind === "list" ? "many" : "one"} ${type}`;
}

function scalarName(scalar: ScalarType | undefined): string {
  return ScalarType[scalar ?? ScalarType.BYTES].toLowerCase();
}

function sorted<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...items].sort((one, other) => compare(key(one), key(other)));
}

/** By code units, whatever the language of the machine. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
