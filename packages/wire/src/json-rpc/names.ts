import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { TenonError } from "@tenon/core";

/**
 * What services and methods are called on the wire where it is not `Service.Method`. By the full name of a service in protobuf
 * (`"acme.v1.Greeter"`): the text that stands before the dot. By service and method (`"acme.v1.Greeter/SayHi"`): the whole text, for
 * peers that do not name their methods as Go does. Go: the name given to `RegisterName`.
 */
export type JsonRpcNames = Readonly<Record<string, string>>;

/** What a method is called on the wire. */
export function nameOf(method: DescMethod, names: JsonRpcNames | undefined): string {
  const service = method.parent.typeName;
  const own = names?.[`${service}/${method.name}`];
  return own ?? `${names?.[service] ?? method.parent.name}.${method.name}`;
}

/**
 * Checks that names are texts and that no two methods of `services` are called the same.
 *
 * @throws {@link TenonError} `option-invalid`
 */
export function checkNames(names: JsonRpcNames | undefined, services: readonly DescService[]): void {
  if (names !== undefined && (typeof names !== "object" || names === null || Array.isArray(names))) {
    throw invalid("it must be an object of texts");
  }
  for (const [key, name] of Object.entries(names ?? {})) {
    if (typeof name !== "string" || name === "")
      throw invalid(`${JSON.stringify(key)} must have a text that is not empty`);
  }
  const taken = new Map<string, DescMethod>();
  for (const method of services.flatMap((service) => service.methods)) {
    const name = nameOf(method, names);
    const other = taken.get(name);
    if (other !== undefined) {
      throw invalid(
        `${other.parent.typeName}/${other.name} and ${method.parent.typeName}/${method.name} are both called "${name}"; ` +
          "give one of their services another name",
      );
    }
    taken.set(name, method);
  }
}

function invalid(why: string): TenonError {
  return new TenonError("option-invalid", `The option names is not valid: ${why}.`, { facts: { option: "names" } });
}
