/** Resident memory of a process, in MiB. */
export async function residentMib(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

/**
 * The slope of a line through equally spaced values (least squares), per value.
 *
 * @param values at least two
 */
export function slope(values: readonly number[]): number {
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const [x, y] = [(values.length - 1) / 2, mean(values)];
  const [rise, run] = [
    values.reduce((sum, value, i) => sum + (i - x) * (value - y), 0),
    values.reduce((sum, _, i) => sum + (i - x) ** 2, 0),
  ];
  return rise / run;
}
