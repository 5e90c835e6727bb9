import { median } from "../support/statistics.ts";
import type { Compared } from "./measured.ts";

/** One line of bench/history: what one version took, on one machine. */
export interface HistoryLine {
  readonly version: string;
  readonly commit: string;
  readonly measure: string;
  readonly unit: string;
  readonly median: number;
  readonly turns: number;
  /** The version that it was measured in turns with, and how often it is better than that. */
  readonly against: string;
  readonly ratio: number;
  readonly machine: string;
}

/** What is the same in all lines of one comparison. */
export type HistoryHead = Pick<HistoryLine, "version" | "commit" | "against" | "machine">;

/** The lines of a comparison. */
export function historyLines(head: HistoryHead, compared: readonly Compared[]): HistoryLine[] {
  return compared.map(({ measure, unit, now, ratio }) => ({
    version: head.version,
    commit: head.commit,
    measure,
    unit,
    median: rounded(median(now)),
    turns: now.length,
    against: head.against,
    ratio: rounded(ratio),
    machine: head.machine,
  }));
}

/**
 * A history with some lines more: a measure of a version has one line, the last.
 *
 * @param text a line of JSON for each measure of each version
 */
export function withHistory(text: string, lines: readonly HistoryLine[]): string {
  const byKey = new Map<string, string>();
  const add = (line: HistoryLine) =>
    byKey.set(`${line.version}\n${line.measure}`, JSON.stringify(line));
  for (const line of text.split("\n").filter((line) => line !== "")) add(JSON.parse(line));
  for (const line of lines) add(line);
  return [...byKey.values()].map((line) => `${line}\n`).join("");
}

/** Four significant digits: more than any measurement has. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
