import { channel } from "node:diagnostics_channel";

/** `tenon:wire:connection:open` and `:close`, with a ConnectionEvent. */
export const connectionOpen = channel("tenon:wire:connection:open");
export const connectionClose = channel("tenon:wire:connection:close");
/** `tenon:wire:call:start` and `:end`, with the same CallEvent both times. */
export const callStart = channel("tenon:wire:call:start");
export const callEnd = channel("tenon:wire:call:end");
/** `tenon:wire:stream:reset`, with a ResetEvent. */
export const streamReset = channel("tenon:wire:stream:reset");
/** `tenon:wire:stream:stall`, with a StallEvent. */
export const streamStall = channel("tenon:wire:stream:stall");
