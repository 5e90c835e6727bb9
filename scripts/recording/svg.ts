import type { ScreenLine, Span } from "./screen.ts";

/** Sizes in pixels of a character cell, the margin, and the column of times. */
const CELL = { width: 8.5, height: 18 };
const MARGIN = 16;
const TIMES = 10 * CELL.width;

/** ANSI's eight colours on a dark background. */
const COLOURS = [
  ...["#8b949e", "#ff7b72", "#3fb950", "#d29922"],
  ...["#58a6ff", "#bc8cff", "#39c5cf", "#e6edf3"],
];

/** Draws a terminal's lines as an SVG, each with the number of seconds after which it was written. */
export function recordingSvg(lines: readonly ScreenLine[], title: string): string {
  const columns = Math.max(...lines.map(({ spans }) => textOf(spans).length));
  const width = Math.ceil(2 * MARGIN + TIMES + columns * CELL.width);
  const height = 2 * MARGIN + lines.length * CELL.height;
  const rows = lines.map(({ seconds, spans }, index) => {
    const y = MARGIN + index * CELL.height + 13;
    const time = textOf(spans) === "" ? "" : `${seconds.toFixed(1)} s`;
    return `<text y="${y}"><tspan x="${
      MARGIN + TIMES - 2 * CELL.width
    }" class="t">${time}</tspan>` +
      `<tspan x="${MARGIN + TIMES}">${spans.map(drawn).join("")}</tspan></text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" xml:space="preserve">`,
    `<title>${escaped(title)}</title>`,
    "<style>",
    "text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #e6edf3; white-space: pre; }",
    ".t { fill: #6e7681; text-anchor: end; }",
    ".b { font-weight: bold; }",
    "</style>",
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

function drawn({ text, bold, colour }: Span): string {
  if (!bold && colour === undefined) return escaped(text);
  const weight = bold ? ' class="b"' : "";
  const fill = colour === undefined ? "" : ` style="fill:${COLOURS[colour - 30]}"`;
  return `<tspan${weight}${fill}>${escaped(text)}</tspan>`;
}

/** The text of a line. */
export function textOf(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
