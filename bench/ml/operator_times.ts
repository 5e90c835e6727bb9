import { median } from "../support/statistics.ts";
import { formatTable } from "../support/table.ts";

/** Time that an operator took for results of a shape, over all steps of a run. */
export interface OperatorTime {
  readonly operator: string;
  /** Dtype and lengths of the first result: "float 32×64×16×16". */
  readonly result: string;
  readonly microseconds: number;
}

/** An event of ONNX Runtime's profile, which is in Chrome's trace format: durations in µs. */
interface Event {
  readonly cat?: string;
  readonly name?: string;
  readonly dur?: number;
  readonly args?: {
    readonly op_name?: string;
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

function showResult(types: NonNullable<Event["args"]>["output_type_shape"]): string {
  const [type, lengths] = Object.entries(types?.[0] ?? {})[0] ?? ["", []];
  return `${type} ${lengths.join("×")}`.trim();
}

/**
 * Adds up a profile by operator and result, the longest first. Each node counts with the median of its durations, so
 * that what other programs of the machine took is left out. So is a loop: its operators are there themselves.
 *
 * @param profile the text of the file that ONNX Runtime writes
 */
export function parseProfile(profile: string): OperatorTime[] {
  const nodes = new Map<string, { operator: string; result: string; durations: number[] }>();
  for (const { cat, name, dur = 0, args } of JSON.parse(profile) as Event[]) {
    const operator = args?.op_name;
    if (cat !== "Node" || operator === undefined || operator === "Scan") continue;
    if (name?.endsWith("_kernel_time") !== true) continue;
    const result = showResult(args?.output_type_shape);
    const key = `${name} ${result}`;
    const durations = nodes.get(key)?.durations ?? [];
    durations.push(dur);
    nodes.set(key, { operator, result, durations });
  }
  const sums = new Map<string, OperatorTime>();
  for (const { operator, result, durations } of nodes.values()) {
    const key = `${operator} ${result}`;
    const own = median(durations) * durations.length;
    const microseconds = (sums.get(key)?.microseconds ?? 0) + own;
    sums.set(key, { operator, result, microseconds });
  }
  return [...sums.values()].sort((a, b) => b.microseconds - a.microseconds);
}

/**
 * The times as a table, per step.
 *
 * @param rows rows of their own; what is left is summed up in a last one
 */
export function timesTable(
  times: readonly OperatorTime[],
  steps: number,
  rows: number,
): string[] {
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const cells = (operator: string, result: string, microseconds: number) => [
    operator,
    result,
    (microseconds / steps).toFixed(0),
    `${(microseconds / total * 100).toFixed(1)} %`,
  ];
  const rest = times.slice(rows).reduce((sum, { microseconds }) => sum + microseconds, 0);
  return formatTable(["operator", "result", "µs per step", "share"], [
    ...times.slice(0, rows).map((time) => cells(time.operator, time.result, time.microseconds)),
    cells("all others", "", rest),
    cells("sum", "", total),
  ]);
}
