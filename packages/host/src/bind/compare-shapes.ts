/** A canonical text, line by line: what a line is about, and what it says of that. */
interface Shapes {
  /** `method Get`, with kind and types. */
  readonly methods: ReadonlyMap<string, string>;
  /** Of messages by name: number to shape and name of each field. */
  readonly messages: ReadonlyMap<string, ReadonlyMap<string, readonly [shape: string, name: string]>>;
  /** Of enums by name: number to name of each value. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Finds the first thing in which a plugin's canonical text of a service does not fit the host's; undefined where they understand each
 * other: what only one side has is skipped by the other, but the plugin must have every method of the host.
 */
export function findMismatch(hosts: string, plugins: string): string | undefined {
  const [host, plugin] = [parse(hosts), parse(plugins)];
  for (const [method, says] of host.methods) {
    const theirs = plugin.methods.get(method);
    if (theirs === undefined) return `the method ${method} is missing`;
    if (theirs !== says) return `the method ${method} is "${theirs}", and "${says}" in the contract`;
  }
  for (const [message, fields] of host.messages) {
    const theirs = plugin.messages.get(message);
    const problem = theirs && findField(fields, theirs);
    if (problem !== undefined) return `the message ${message}: ${problem}`;
  }
  for (const [type, values] of host.enums) {
    for (const [number, name] of values) {
      const theirs = plugin.enums.get(type)?.get(number);
      if (theirs !== undefined && theirs !== name) {
        return `the enum ${type}: the value ${number} is ${theirs}, and ${name} in the contract`;
      }
    }
  }
  return undefined;
}

type Fields = ReadonlyMap<string, readonly [shape: string, name: string]>;

function findField(fields: Fields, theirs: Fields): string | undefined {
  const numbers = new Map([...theirs].map(([number, [, name]]) => [name, number]));
  for (const [number, [shape, name]] of fields) {
    const moved = numbers.get(name);
    if (moved !== undefined && moved !== number) {
      return `the field ${name} has number ${moved}, and ${number} in the contract`;
    }
    const field = theirs.get(number);
    if (field === undefined) continue;
    const [theirShape, theirName] = field;
    if (theirName !== name) return `the field ${number} is called ${theirName}, and ${name} in the contract`;
    if (theirShape !== shape) return `the field ${name} is "${theirShape}", and "${shape}" in the contract`;
  }
  return undefined;
}

function parse(text: string): Shapes {
  const methods = new Map<string, string>();
  const messages = new Map<string, Map<string, readonly [string, string]>>();
  const enums = new Map<string, Map<string, string>>();
  let fields = new Map<string, readonly [string, string]>();
  let values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [kind, first = "", ...rest] = line.split(" ");
    if (kind === "method") methods.set(first, rest.join(" "));
    else if (kind === "message") messages.set(first, (fields = new Map()));
    else if (kind === "enum") enums.set(first, (values = new Map()));
    else if (kind === "field") fields.set(first, [rest.slice(0, -1).join(" "), rest.at(-1) ?? ""]);
    // Aliases are one value with several names.
    else if (kind === "value") values.set(first, [values.get(first), rest.join(" ")].filter(Boolean).join("|"));
  }
  return { methods, messages, enums };
}
