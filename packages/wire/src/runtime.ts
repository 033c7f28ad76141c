/**
 * What the engine takes from the process object, and the only place where it touches it. Not by imports: one of `node:process`
 * makes the standard streams, and those of zlib and util are seldom needed; together they would take 5 ms of every plugin's start.
 */

/** As `process.nextTick`. */
export const nextTick: typeof process.nextTick = (callback, ...args) => process.nextTick(callback, ...args);

/** A module of Node's, loaded when it is asked for. */
export const builtin: typeof process.getBuiltinModule = (id: string) => process.getBuiltinModule(id) as never;
