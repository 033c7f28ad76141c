import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { callMetadata } from "@tenon/wire/host-services";
import type { PluginIdentity } from "../services/plugin-identity.js";

/** Stands for a service that the contract declares and the host does not grant. */
export function refuseAll(service: DescService, grant: string, plugin: PluginIdentity): ServiceImpl<DescService> {
  const refuse = (): never => {
    throw notGranted(service, grant, plugin);
  };
  return Object.fromEntries(service.methods.map(({ localName }) => [localName, refuse])) as ServiceImpl<DescService>;
}

function notGranted({ typeName }: DescService, grant: string, { name, instance }: PluginIdentity): ConnectError {
  return denied(
    grant,
    `the host does not grant the service "${grant}" (${typeName}) to the plugin "${name}" (instance ${instance}); ` +
      `it would by hostServices: { ${grant}: … } at its start`,
  );
}

/** The error of a call to a service that the contract does not declare, whether the host has it or not. */
export function notDeclared(typeName: string, contract: string, { name, instance }: PluginIdentity): ConnectError {
  return denied(
    typeName,
    `the plugin "${name}" (instance ${instance}) may not call ${typeName}: the host's contract "${contract}" does not declare it in hostServices`,
  );
}

function denied(grant: string, message: string): ConnectError {
  return new ConnectError(message, Code.PermissionDenied, { [callMetadata.grant]: grant });
}
