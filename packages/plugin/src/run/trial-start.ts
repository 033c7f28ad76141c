// On the global object: the bundle that is started has a copy of this package of its own.
const key = Symbol.for("tenon.plugin.trial-start");
const shared = globalThis as { [key]?: true };

/** Marks this process as one that `tenon-bundle` starts to see what a start needs. It cannot know the contract's cookie. */
export function markTrialStart(): void {
  shared[key] = true;
}

/** Whether a plugin of this process is only tried. */
export function isTrialStart(): boolean {
  return shared[key] === true;
}
