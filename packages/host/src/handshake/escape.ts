/** Control characters, invisible separators and marks that reorder text: what could deceive someone who reads a message. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\/gu;

/**
 * Makes text from a plugin safe to show: control characters and invisible ones become escapes (`\n`, `\u001b`), a backslash
 * is doubled, and what exceeds `maxLength` characters is cut with a count of what is missing.
 */
export function escapeText(text: string, maxLength = 200): string {
  const shown = text.length > maxLength ? text.slice(0, maxLength) : text;
  const escaped = shown.replace(unsafe, (char) => {
    if (char === "\\") return "\\\\";
    if (char === "\n") return "\\n";
    if (char === "\r") return "\\r";
    if (char === "\t") return "\\t";
    return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
  return shown.length === text.length ? escaped : `${escaped}… (${text.length - shown.length} more characters)`;
}
