/** An error out of a thread, as its plugin's library has told it: texts. Whatever the thread sent, an Error comes out. */
export function readCrash(crash: unknown): Error {
  const { name, message, stack, code } = (crash ?? {}) as Readonly<Record<string, unknown>>;
  return makeError(text(name, "Error"), text(message, "no message"), text(stack), text(code));
}

/** What a thread ended with that nobody caught: an Error in a copy of Node's making, or whatever was thrown. */
export function readThrown(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return makeError("Error", `${describe(thrown)} was thrown`, undefined, undefined);
}

function makeError(name: string, message: string, stack: string | undefined, code: string | undefined): Error {
  const error = new Error(message);
  const define = (key: string, value: string) =>
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: key === "code" });
  define("name", name);
  // Ours would say where the message was read.
  define("stack", stack ?? `${name}: ${message}`);
  if (code !== undefined) define("code", code);
  return error;
}

function text(value: unknown): string | undefined;
function text(value: unknown, fallback: string): string;
function text(value: unknown, fallback?: string): string | undefined {
  return typeof value === "string" ? value : fallback;
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
