import { invalidOption } from "../options/check.js";

/** Which web pages may open a WebSocket: those of these origins, or all. */
export type Origins = "*" | readonly string[];

/** @throws TenonError `option-invalid` */
export function parseOrigins(option: string, origins: unknown): Origins {
  if (origins === undefined) return [];
  if (origins === "*") return origins;
  if (Array.isArray(origins) && origins.every(isOrigin)) return Object.freeze([...origins]);
  throw invalidOption(
    option,
    'it must be "*" or a list of origins as browsers send them, such as "https://app.example"',
  );
}

/**
 * Whether a request may come in. Only browsers send an Origin, and they send it with every WebSocket of a page: without a look at it any
 * page that somebody visits could speak to a host on their machine.
 */
export function mayCome(origins: Origins, origin: string | undefined): boolean {
  return origin === undefined || origins === "*" || origins.includes(origin);
}

function isOrigin(text: unknown): text is string {
  return typeof text === "string" && URL.canParse(text) && new URL(text).origin === text;
}
