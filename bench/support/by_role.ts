import type { Comparison, Side } from "./comparison.ts";

/** A value for each kind of process; that of the SuperNodes is the largest. */
export interface ByRole {
  readonly superLink: number;
  readonly superNode: number;
  readonly serverApp: number;
}

const ROLES = [["superLink", "SuperLink"], ["superNode", "SuperNode"], [
  "serverApp",
  "ServerApp",
]] as const;
const BYTES_PER_MEGABYTE = 1e6;

/**
 * Compares seconds or memory of each role.
 *
 * @param measure what stands before the role's name
 * @param unit "MB" takes values in bytes
 * @param turns the values of each turn
 */
export function compareRoles(
  measure: string,
  unit: "s" | "MB",
  turns: Readonly<Record<Side, readonly ByRole[]>>,
): Comparison[] {
  const scale = unit === "MB" ? BYTES_PER_MEGABYTE : 1;
  return ROLES.map(([role, title]) => ({
    measure: `${measure} ${title}`,
    unit,
    better: "less",
    values: {
      flwr: turns.flwr.map((value) => value[role] / scale),
      python: turns.python.map((value) => value[role] / scale),
    },
  }));
}
