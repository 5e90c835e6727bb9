import { ConfigRecord } from "../app/config_record.ts";
import { float } from "../app/float.ts";
import type { TypedConfigValue } from "../app/typed_value.ts";
import { FlwrError } from "../base/error.ts";
import { describeToml, isTable, type TomlTable, type TomlValue } from "./toml/value.ts";

/** A setting of a run: bigint for whole numbers, number for floating-point ones, as Flower tells them apart. */
export type ScalarValue = boolean | bigint | number | string;

/** Settings by their flat names: `[tool.flwr.app.config.model] layers = 2` is `"model.layers"`. */
export type RunConfig = Readonly<Record<string, ScalarValue>>;

const MIN_SINT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Makes nested tables of settings flat, the names joined by ".".
 *
 * @param where the table's name, for the error sentence
 * @throws FlwrError "invalid-argument" naming a value that is neither a scalar nor a table, or a number beyond 64 bits
 */
export function flattenConfig(table: TomlTable, where: string): RunConfig {
  return Object.fromEntries(flatEntries(table, "", where));
}

function* flatEntries(
  table: TomlTable,
  prefix: string,
  where: string,
): Generator<[string, ScalarValue]> {
  for (const [key, value] of table) {
    const name = prefix + key;
    if (isTable(value)) yield* flatEntries(value, `${name}.`, where);
    else yield [name, toScalar(value, name, where)];
  }
}

function toScalar(value: TomlValue, name: string, where: string): ScalarValue {
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
    `"${name}" in ${where} is not a number, true, false, or a text: it is ${describeToml(value)}`,
    { hints: ['A list can be written as a text, such as "8,16"'] },
  );
}

/** The settings as an app reads them in `context.runConfig`. */
export function toConfigRecord(config: RunConfig): ConfigRecord {
  return new ConfigRecord(
    Object.entries(config).map((
      [name, value],
    ) => [name, typeof value === "number" ? float(value) : value]),
  );
}

/**
 * The settings of a record, as a run carries those that were given at its submission.
 *
 * @throws FlwrError "invalid-argument" naming a setting that is no single value
 */
export function fromConfigRecord(config: ConfigRecord): RunConfig {
  return Object.fromEntries(
    Array.from(config.typedEntries(), ([name, typed]): [string, ScalarValue] => {
      const value = scalarOf(typed);
      if (value !== undefined) return [name, value];
      throw new FlwrError("invalid-argument", `The run's setting "${name}" is no single value`);
    }),
  );
}

/** A setting's value; undefined for a list, and for bytes, which no setting of an app is. */
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
