/** Which plugin a service of the host is made for. */
export interface PluginIdentity {
  /** Name of the plugin: `StartOptions.name`, else the contract's name. */
  readonly name: string;
  /** Id of the instance, equal to `Session.id`. */
  readonly instance: string;
}
