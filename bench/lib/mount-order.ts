/** What is timed until a plugin's first call is answered. */
export const mountRows = ["bind-mount", "bind-restart", "process-start"] as const;

/** Have a plugin come once, and go. */
export interface MountOrder {
  readonly what: (typeof mountRows)[number];
}

/** How long it took. */
export interface MountAnswer {
  readonly milliseconds: number;
}
