/** Start this plugin, make one call, and end it. */
export interface StartOrder {
  readonly command: readonly string[];
  readonly autoMtls: boolean;
}

/** How long it took until the call was answered. */
export interface StartAnswer {
  readonly milliseconds: number;
}
