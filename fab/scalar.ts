import { ConfigRecord } from "../app/config_record.ts";
import { float } from "../app/float.ts";
import type { TypedConfigValue } from "../app/typed_value.ts";
import { FlwrError } from "../base/error.ts";
import { describeToml, isTable, type TomlTable, type TomlValue } from "./toml/value.ts";

/** A value of a run configuration: bigint for integers, number for floats, which Flower distinguishes. */
export type ScalarValue = boolean | bigint | number | string;

/** Run configuration by flat names: `[tool.flwr.app.config.model] layers = 2` is `"model.layers"`. */
export type RunConfig = Readonly<Record<string, ScalarValue>>;

const MIN_SINT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Flattens nested tables of settings, with names joined by ".".
 *
 * @param where name of the table, for errors
 * @throws FlwrError invalid-argument for a value that is neither a scalar nor a table, or an integer beyond 64 bits
 */
export function flattenConfig(table: TomlTable, where: string): RunConfig {
  return Object.fromEntries(
    Array.from(flatEntries(table), ([name, value]) => [name, toScalar(value, name, where)]),
  );
}

/** The values of nested tables that are no tables, with the names joined by ".". */
export function* flatEntries(table: TomlTable, prefix = ""): Generator<[string, TomlValue]> {
  for (const [key, value] of table) {
    const name = prefix + key;
    if (isTable(value)) yield* flatEntries(value, `${name}.`);
    else yield [name, value];
  }
}

/**
 * Checks that a value is a setting.
 *
 * @param where name of the table, for errors
 * @throws FlwrError invalid-argument for a value that is not a scalar, or an integer beyond 64 bits
 */
export function toScalar(value: TomlValue, name: string, where: string): ScalarValue {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
      return value;
    case "bigint":
      if (value >= MIN_SINT64 && value <= MAX_UINT64) return value;
      throw new FlwrError(
        "invalid-argument",
        `"${name}" in ${where} does not fit into 64 bits: ${value}`,
      );
  }
  throw new FlwrError(
    "invalid-argument",
    `"${name}" in ${where} must be a number, true, false, or a text, not ${describeToml(value)}`,
    { hints: ['Write a list as a text, such as "8,16"'] },
  );
}

/** Converts a run configuration to the record in `context.runConfig`. */
export function toConfigRecord(config: RunConfig): ConfigRecord {
  return new ConfigRecord(
    Object.entries(config).map((
      [name, value],
    ) => [name, typeof value === "number" ? float(value) : value]),
  );
}

/**
 * Converts a record to a run configuration.
 *
 * @throws FlwrError invalid-argument, naming a setting that is a list or bytes
 */
export function fromConfigRecord(config: ConfigRecord): RunConfig {
  return Object.fromEntries(
    Array.from(config.typedEntries(), ([name, typed]): [string, ScalarValue] => {
      const value = scalarOf(typed);
      if (value !== undefined) return [name, value];
      throw new FlwrError("invalid-argument", `The run's setting "${name}" is not a single value`);
    }),
  );
}

/** A setting's value; undefined for lists and bytes, which settings cannot be. */
export function scalarOf(typed: TypedConfigValue): ScalarValue | undefined {
  switch (typed.type) {
    case "bool":
    case "string":
    case "double":
    case "sint64":
    case "uint64":
      return typed.value;
    default:
      return undefined;
  }
}
