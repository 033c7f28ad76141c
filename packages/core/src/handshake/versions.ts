import { TenonError } from "../errors.js";

/**
 * The plugin's choice: the highest of its own versions that the host offered, or else its lowest, so that the host can
 * tell its user what does not fit. go-plugin does the same, which lets hosts and plugins of any age meet.
 *
 * @param own - what the plugin can serve; any order
 * @param offered - what the host listed; any order, empty from a host that is too old to say
 * @throws {@link TenonError} `option-invalid` when `own` is empty
 */
export function chooseVersion(own: readonly number[], offered: readonly number[]): number {
  if (own.length === 0) throw new TenonError("option-invalid", "There is no version to choose from: own is empty.");
  const common = own.filter((version) => offered.includes(version));
  return common.length > 0 ? Math.max(...common) : Math.min(...own);
}

/**
 * The host's answer to the plugin's choice: any version it has itself.
 *
 * @param own - the versions of the host's contract
 * @param answered - what the plugin's handshake line says
 * @param plugin - name for the message
 * @returns `answered`
 * @throws {@link TenonError} `version-mismatch`, with the facts `answered` and `own` (ascending)
 */
export function acceptVersion(own: readonly number[], answered: number, plugin?: string): number {
  if (own.includes(answered)) return answered;
  const sorted = [...own].sort((a, b) => a - b);
  const side = sorted.every((version) => version > answered) ? "Update the plugin" : "Update the host, or the plugin";
  throw new TenonError(
    "version-mismatch",
    `The plugin${plugin === undefined ? "" : ` "${plugin}"`} serves version ${answered} of the contract, ` +
      `the host has ${sorted.length === 1 ? "version" : "versions"} ${sorted.join(", ")}. ${side}.`,
    { plugin, facts: { answered, own: sorted } },
  );
}
