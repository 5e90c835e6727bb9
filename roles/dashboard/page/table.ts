/// <reference lib="dom" />
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html } from "./html.ts";
import type { ComponentChildren } from "preact";

/** Height of a row, in pixels: the same in page.css. */
const ROW_HEIGHT = 34;

/** Rows up to which all are drawn. */
const DRAW_ALL = 100;

/** Rows drawn beyond each end of the visible part. */
const SPARE_ROWS = 12;

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Width in CSS; columns without one share the rest. */
  readonly width?: string;
  /** Numbers are at the right. */
  readonly isNumber?: boolean;
  /** Width of the table in pixels below which the column is left out; default 0: never. */
  readonly from?: number;
  /** What to sort by. Without it the user cannot. */
  readonly sortBy?: (row: Row) => number | string;
}

/** Properties of {@link Table}. */
export interface TableProperties<Row> {
  /** What the table contains, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string | number;
  /** What to say if there are no rows. */
  readonly empty: ComponentChildren;
  /** A row to mark. */
  readonly selected?: string | number;
  /** Whether a row is about a failure. */
  readonly isBad?: (row: Row) => boolean;
  /** Largest height in CSS. */
  readonly height?: string;
}

interface Sorting {
  readonly title: string;
  readonly isDescending: boolean;
}

/** A table that the user can sort. Of a long one only the visible part is drawn. */
export function Table<Row>(properties: TableProperties<Row>) {
  const { label, columns, rows, keyOf, empty, selected, isBad, height } = properties;
  const scroller = useRef<HTMLDivElement>(null);
  const [sorting, setSorting] = useState<Sorting | undefined>(undefined);
  const { width, first, last } = useVisiblePart(scroller, rows.length);
  const sorted = useMemo(() => sortRows(rows, columns, sorting), [rows, sorting]);
  const shown = columns.filter(({ from = 0 }) => width >= from);
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  const spacer = (count: number) =>
    count > 0 &&
    html`
      <tr aria-hidden="true" class="spacer">
        <td colspan=${shown.length}
          style=${{ height: `${count * ROW_HEIGHT}px` }}></td>
      </tr>
    `;
  return html`
    <div class="table" ref=${scroller} tabindex="0" role="region" aria-label=${label}
      style=${{ maxHeight: height ?? "70vh" }}>
      <table aria-label=${label} aria-rowcount=${rows.length + 1}>
        <colgroup>${shown.map((column) =>
          html`<col style=${{ width: column.width ?? "auto" }} />`
        )}</colgroup>
        <thead>
          <tr aria-rowindex="1">
          ${shown.map((column) => headCell(column, sorting, setSorting))}
        </tr>
        </thead>
        <tbody>
          ${spacer(first)}
          ${sorted.slice(first, last).map((row, index) =>
            html`
              <tr key=${keyOf(row)} aria-rowindex=${first + index + 2}
                class=${`${keyOf(row) === selected ? "selected" : ""} ${
                  isBad?.(row) ? "bad" : ""
                }`}>
                ${shown.map((column) =>
                  html`<td class=${column.isNumber ? "number" : ""}>${column.cell(row)}</td>`
                )}
              </tr>
            `
          )}
          ${spacer(rows.length - last)}
        </tbody>
      </table>
    </div>
  `;
}

function headCell<Row>(
  { title, isNumber, sortBy }: Column<Row>,
  sorting: Sorting | undefined,
  setSorting: (sorting: Sorting) => void,
) {
  const isSorted = sorting?.title === title;
  const order = sorting?.isDescending ? "descending" : "ascending";
  const sort = () => setSorting({ title, isDescending: isSorted ? !sorting.isDescending : false });
  return html`
    <th scope="col" class=${isNumber ? "number" : ""} aria-sort=${isSorted ? order : undefined}>
      ${sortBy === undefined ? title : html`<button class="sort" onClick=${sort}>${title}<span
        aria-hidden="true">${isSorted ? (sorting.isDescending ? " ↓" : " ↑") : ""}</span></button>`}
    </th>
  `;
}

function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const sortBy = columns.find(({ title }) => title === sorting?.title)?.sortBy;
  if (sortBy === undefined) return rows;
  const sign = sorting!.isDescending ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [sortBy(one), sortBy(other)];
    return a === b ? 0 : a < b ? -sign : sign;
  });
}

/** The rows to draw, and the width of the table. */
function useVisiblePart(scroller: { readonly current: HTMLDivElement | null }, count: number) {
  const [part, setPart] = useState({ top: 0, height: 800, width: 1000 });
  const isEmpty = count === 0;
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = () => {
      const { scrollTop: top, clientHeight: height, clientWidth: width } = element;
      setPart((before) =>
        before.top === top && before.height === height && before.width === width
          ? before
          : { top, height, width }
      );
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [isEmpty]);
  const { top, height, width } = part;
  if (count <= DRAW_ALL) return { width, first: 0, last: count };
  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((top + height) / ROW_HEIGHT) + SPARE_ROWS);
  return { width, first: Math.min(first, last), last };
}
