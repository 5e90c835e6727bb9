import { pairedRatio } from "../support/statistics.ts";
import type { Unit } from "../support/unit.ts";

/** One thing that was measured of one version. */
export interface Measured {
  /** What was measured, e.g. "a round outside training". */
  readonly measure: string;
  readonly unit: Unit;
  readonly better: "less" | "more";
  readonly value: number;
}

/** One thing that was measured of two versions, in turns. */
export interface Compared {
  readonly measure: string;
  readonly unit: Unit;
  readonly better: "less" | "more";
  /** A value for each turn. */
  readonly before: readonly number[];
  readonly now: readonly number[];
  /** How often it is better now, below 1 where it is worse: the median over the turns. */
  readonly ratio: number;
}

/** By how much something is worse before it counts: turns on a shared machine differ by as much. */
export const WORSE_BELOW = 1 / 1.1;

/**
 * Puts the values of two versions beside each other; what only one of them has is left out, because an older version may
 * not have what is measured.
 *
 * @param turns for each turn what was measured of the earlier version, and of this one
 */
export function compareMeasured(
  turns: readonly (readonly [readonly Measured[], readonly Measured[]])[],
): Compared[] {
  const [first] = turns;
  if (first === undefined) return [];
  return first[1].flatMap(({ measure, unit, better }) => {
    const values = (version: 0 | 1) =>
      turns.flatMap((turn) => turn[version].find((one) => one.measure === measure)?.value ?? []);
    const [before, now] = [values(0), values(1)];
    if (before.length !== turns.length || now.length !== turns.length) return [];
    const ratio = better === "less" ? pairedRatio(before, now) : pairedRatio(now, before);
    return [{ measure, unit, better, before, now, ratio }];
  });
}

/** What became worse by more than a tenth. */
export function worse(compared: readonly Compared[]): Compared[] {
  return compared.filter(({ ratio }) => ratio < WORSE_BELOW);
}
