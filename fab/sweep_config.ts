import { parsePairs } from "../app/config_string.ts";
import { FlwrError } from "../base/error.ts";
import { readSettings } from "./run_config.ts";
import { flatEntries, type ScalarValue, toScalar } from "./scalar.ts";

/** The settings of a sweep, in order. A list has the values that a setting takes, one after the other. */
export type SweepConfig = ReadonlyMap<string, ScalarValue | readonly ScalarValue[]>;

/** A value in brackets is a list of values for the sweep. A setting cannot be a list itself. */
const NO_LISTS = 'A setting cannot be a list. Write lists as texts: layers=["8,16", "32"]';

/**
 * Reads `--run-config` of a sweep: as `readRunConfig` does, but a list in brackets has the values to try. They may have
 * different types.
 *
 * @param values the flag's values, in order; later pairs override earlier ones
 * @param flag name of the flag, for errors
 * @throws FlwrError invalid-argument, naming the setting that is wrong; not-found if the file cannot be read
 */
export async function readSweepConfig(
  values: readonly string[],
  flag = "--run-config",
): Promise<SweepConfig> {
  const settings = await readSettings<unknown>(values, flag, {
    pairs: (text) =>
      parsePairs<NonNullable<unknown>>(text, flag, {
        read: (value) => isSweepable(value) ? value : undefined,
        expected: "a number, true, false, a quoted text or a list of these",
      }),
    table: (table) => flatEntries(table),
  });
  const where = values.length === 1 && values[0]!.trim().endsWith(".toml")
    ? `"${values[0]!.trim()}"`
    : flag;
  return new Map(settings.map(([name, value]) => [name, valuesOf(name, value, where)]));
}

/** Whether a value is a scalar or a list of them. Lists in lists get an error of their own. */
function isSweepable(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isSweepable) : typeof value !== "object";
}

function valuesOf(
  name: string,
  value: unknown,
  where: string,
): ScalarValue | readonly ScalarValue[] {
  if (!Array.isArray(value)) return scalarOf(name, value, where);
  if (value.length === 0) {
    throw new FlwrError("invalid-argument", `"${name}" in ${where} has no values: []`, {
      hints: [`Write at least one: ${name}=[1, 2]`],
    });
  }
  const scalars = value.map((item) => scalarOf(name, item, where));
  const repeated = scalars.find((one, index) =>
    scalars.findIndex((other) => Object.is(other, one)) !== index
  );
  if (repeated !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `"${name}" in ${where} has the value ${JSON.stringify(String(repeated))} twice`,
      { hints: ["Each run of a sweep has other settings"] },
    );
  }
  return scalars;
}

function scalarOf(name: string, value: unknown, where: string): ScalarValue {
  if (!Array.isArray(value)) return toScalar(value as Parameters<typeof toScalar>[0], name, where);
  throw new FlwrError("invalid-argument", `A value of "${name}" in ${where} is a list`, {
    hints: [NO_LISTS],
  });
}
