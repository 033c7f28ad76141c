/** The words that the plugin of the guides can spell. */
export const dictionary: ReadonlySet<string> = new Set(["a", "contract", "host", "plugin", "tenon"]);
