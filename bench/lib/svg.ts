/** Width of every picture, in pixels. */
const width = 760;

/** A bar with rounded ends. */
export function rect(kind: string, x: number, y: number, length: number, height: number): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${length}" height="${height}" rx="3"/>`;
}

const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 14px }
  .bar { fill: #8c959f }
  .ours { fill: #1f7a5c }
  .mixed { fill: #6fb59d }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .bar { fill: #6e7681 }
    .ours { fill: #3fb68b }
    .mixed { fill: #2b7d60 }
  }`;

/** An SVG document in the colours of the reader. Kinds of bars are `ours`, `mixed` and `bar`. */
export function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title>
<style>${style}
</style>
${parts.join("\n")}
</svg>
`;
}
