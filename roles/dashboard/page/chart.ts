/// <reference lib="dom" />
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.ts";
import uPlot from "uplot";
import { metric } from "./format.ts";

/** Height of a chart, in pixels. */
const HEIGHT = 190;

/** A line of a chart. */
export interface Line {
  readonly label: string;
  /** One per x; null: none. */
  readonly values: readonly (number | null)[];
  /** "main" is drawn over the others, in the colour of the text's links. */
  readonly kind: "main" | "server" | "node";
}

/** Properties of {@link Chart}. */
export interface ChartProperties {
  readonly title: string;
  /** The rounds. */
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  /** What else to say below the title. */
  readonly note?: string;
}

/** Number of colours for nodes: --node-0 … in page.css. */
const NODE_COLOURS = 8;

/** A chart over the rounds, with a table of the same values. */
export function Chart({ title, xs, lines, note }: ChartProperties) {
  const [isTable, setTable] = useState(false);
  const [at, setAt] = useState<number | undefined>(undefined);
  const index = at ?? xs.length - 1;
  const valueOf = ({ values }: Line) =>
    at === undefined ? values.findLast((value) => value !== null) : values[at];
  return html`
    <figure class="chart" aria-label=${title}>
      <figcaption>
        <strong>${title}</strong>
        <span class="quiet">${xs.length > 0 &&
          (at === undefined ? "latest" : `round ${xs[index]}`)}</span>
        <span class="grow"></span>
        <button class="plain" aria-pressed=${isTable} onClick=${() => setTable(!isTable)}>
          ${isTable ? "Chart" : "Table"}</button>
      </figcaption>
      ${isTable
        ? html`<${ValueTable} title=${title} xs=${xs} lines=${lines} />`
        : html`<${Plot} xs=${xs} lines=${lines} onCursor=${setAt} />`}
      <ul class="legend">
        ${lines.map((line, number) =>
          html`<li key=${line.label}><span class=${`swatch ${lineClass(lines, number)}`}></span>
          <span class="name">${line.label}</span> <b>${metric(valueOf(line))}</b></li>`
        )}
      </ul>
      ${note !== undefined && html`<p class="quiet">${note}</p>`}
    </figure>
  `;
}

/** The colour class of a line. */
function lineClass(lines: readonly Line[], index: number): string {
  const { kind } = lines[index]!;
  if (kind !== "node") return kind;
  const number = lines.slice(0, index).filter(({ kind }) => kind === "node").length;
  return `node-${number % NODE_COLOURS}`;
}

function ValueTable({ title, xs, lines }: Pick<ChartProperties, "title" | "xs" | "lines">) {
  return html`
    <div class="values" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead>
          <tr><th scope="col">Round</th>
          ${lines.map(({ label }) => html`<th scope="col" class="number">${label}</th>`)}</tr>
        </thead>
        <tbody>
          ${xs.map((x, index) =>
            html`<tr><th scope="row">${x}</th>
            ${
              lines.map(({ values }) => html`<td class="number">${metric(values[index])}</td>`)
            }</tr>`
          )}
        </tbody>
      </table>
    </div>
  `;
}

interface PlotProperties {
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  readonly onCursor: (index: number | undefined) => void;
}

/** The canvas. Screen readers use the table instead. */
function Plot({ xs, lines, onCursor }: PlotProperties) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const shape = lines.map(({ label, kind }) => `${kind} ${label}`).join("\n");
  const scheme = useColourScheme();
  useEffect(() => {
    const element = place.current!;
    const drawn = new uPlot(optionsOf(element, lines, onCursor), dataOf(xs, lines), element);
    plot.current = drawn;
    const observer = new ResizeObserver(() =>
      drawn.setSize({ width: Math.max(element.clientWidth, 100), height: HEIGHT })
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = undefined;
    };
  }, [shape, scheme]);
  useEffect(() => plot.current?.setData(dataOf(xs, lines)), [xs, lines]);
  return html`<div class="plot" ref=${place} aria-hidden="true"></div>`;
}

function dataOf(xs: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...xs], ...lines.map(({ values }) => [...values])];
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  onCursor: (index: number | undefined) => void,
): uPlot.Options {
  const colour = coloursOf(element);
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const axis = {
    stroke: colour("quiet"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    width: Math.max(element.clientWidth, 100),
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000], size: 26 },
      { ...axis, size: 52, values: (_plot, values) => values.map(axisText) },
    ],
    series: [
      {},
      ...lines.map(({ label, kind }, index) => ({
        label,
        stroke: colour(lineClass(lines, index)),
        width: kind === "node" ? 1 : 2.25,
        spanGaps: true,
        points: { show: lines[index]!.values.length < 3 || undefined, size: 5 },
      })),
    ] as uPlot.Series[],
    hooks: { setCursor: [({ cursor }) => onCursor(cursor.idx ?? undefined)] },
  };
}

/** A function that returns the colours of page.css, as a canvas needs them: without light-dark(). */
function coloursOf(element: HTMLElement): (name: string) => string {
  return (name) => {
    element.style.color = `var(--${name})`;
    const { color } = getComputedStyle(element);
    element.style.color = "";
    return color;
  };
}

function axisText(value: number): string {
  return Math.abs(value) >= 1e5 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
}

/** Changes when the user switches between light and dark, because canvases do not follow styles. */
function useColourScheme(): string {
  const [scheme, setScheme] = useState("");
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const look = () => setScheme(dark.matches ? "dark" : "light");
    look();
    dark.addEventListener("change", look);
    return () => dark.removeEventListener("change", look);
  }, []);
  return scheme;
}
