import type { DescFile, DescService } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

/** The .proto files of some services, with all that they import, by everything that they declare. */
export class FileIndex {
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  /** Full name of each message to its known extensions by number. */
  readonly #extensions = new Map<string, Map<number, DescFile>>();

  constructor(services: Iterable<DescService>) {
    for (const { file } of services) this.#add(file);
    for (const file of this.#files.values()) this.#addExtensions(file);
  }

  /** By the path under which others import it. */
  fileNamed(path: string): DescFile | undefined {
    return this.#files.get(path);
  }

  /** By the full name of a service, method, message, field, oneof, enum, enum value or extension. */
  fileOfSymbol(name: string): DescFile | undefined {
    return this.#symbols.get(name.startsWith(".") ? name.slice(1) : name);
  }

  fileOfExtension(message: string, number: number): DescFile | undefined {
    return this.#extensions.get(message)?.get(number);
  }

  /** The numbers of the extensions of a message, in order; undefined when there is no such message. */
  extensionNumbers(message: string): number[] | undefined {
    const known = this.#extensions.get(message);
    return known && [...known.keys()].sort((a, b) => a - b);
  }

  /** A file and what it imports, directly or not, apart from imports whose names are in `sent`; the names are added to it. */
  withImports(file: DescFile, sent: Set<string>): DescFile[] {
    sent.add(file.proto.name);
    const files = [file];
    for (const each of files) {
      for (const imported of each.dependencies) {
        if (sent.has(imported.proto.name)) continue;
        sent.add(imported.proto.name);
        files.push(imported);
      }
    }
    return files;
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const imported of file.dependencies) this.#add(imported);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      switch (type.kind) {
        case "message":
          this.#extensions.set(type.typeName, new Map());
          for (const { name } of [...type.fields, ...type.oneofs]) this.#symbols.set(`${type.typeName}.${name}`, file);
          break;
        case "service":
          for (const { name } of type.methods) this.#symbols.set(`${type.typeName}.${name}`, file);
          break;
        case "enum": {
          // The values of an enum are its neighbours, not its children.
          const scope = type.typeName.slice(0, -type.name.length);
          for (const { name } of type.values) this.#symbols.set(scope + name, file);
          break;
        }
        case "extension":
          break;
      }
    }
  }

  #addExtensions(file: DescFile): void {
    for (const type of nestedTypes(file)) {
      if (type.kind === "extension") this.#extensions.get(type.extendee.typeName)?.set(type.number, file);
    }
  }
}
