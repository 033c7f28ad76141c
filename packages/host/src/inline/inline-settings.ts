import type { InlinePlugin } from "./inline-plugin.js";

/** What an inline launcher starts. */
export interface InlineSettings {
  /** A path where it is a text. */
  readonly source: InlinePlugin | string;
  readonly copy: boolean;
  readonly reload: boolean;
}
