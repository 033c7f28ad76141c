import { parseJsonLine } from "../logs/json-line.js";

const faultLine =
  /^(?:Uncaught )?(?:panic: |fatal error: |thread '.*' panicked at |Traceback |[\w$.]*(?:Error|Exception)\b(?: \[\w+\])?(?::|$))/;

/** The line of a dying plugin that says most: the head of a trace, or else the message of a JSON record at error. */
export function findLastWords(stderrTail: readonly string[]): string | undefined {
  for (const line of stderrTail.toReversed()) {
    if (faultLine.test(line)) return line;
    const record = parseJsonLine(line);
    if (record?.level === "error") return record.message.split("\n", 1)[0];
  }
  return undefined;
}

/** At most `maxLines` of the tail: from the head of its last trace on where there is one, else the last ones. */
export function findTellingLines(stderrTail: readonly string[], maxLines: number): readonly string[] {
  const head = stderrTail.findLastIndex((line) => faultLine.test(line));
  return head === -1 ? stderrTail.slice(-maxLines) : stderrTail.slice(head, head + maxLines);
}
