import { parseConfigString } from "../app/config_string.ts";
import type { TypedConfigValue } from "../app/typed_value.ts";
import { FlwrError } from "../base/error.ts";
import { flattenConfig, type RunConfig, scalarOf, type ScalarValue } from "./scalar.ts";
import { parseToml } from "./toml/parse.ts";
import type { TomlTable } from "./toml/value.ts";

/** Number of known names that an error lists. */
const NAMES_SHOWN = 20;

/**
 * Merges an app's default run configuration with the values given at submission. As in Flower, a value may have any
 * type, but an unknown name is an error.
 *
 * @throws FlwrError invalid-argument, naming the unknown key and the known ones
 */
export function mergeRunConfig(defaults: RunConfig, override: RunConfig): RunConfig {
  const unknown = Object.keys(override).find((key) => !Object.hasOwn(defaults, key));
  if (unknown !== undefined) {
    const known = Object.keys(defaults);
    const shown = known.slice(0, NAMES_SHOWN).map((key) => `"${key}"`).join(", ");
    throw new FlwrError("invalid-argument", `The app has no setting "${unknown}"`, {
      hints: [
        known.length === 0
          ? "It declares none. Declare settings in [tool.flwr.app.config]"
          : `It has: ${shown}${known.length > NAMES_SHOWN ? ", …" : ""}`,
      ],
    });
  }
  return { ...defaults, ...override };
}

/**
 * Reads the values of `-c`/`--run-config`: pairs such as `'num-rounds=3 lr=0.1 name="x"'`, in any number of flags, or
 * one TOML file, whose tables are flattened.
 *
 * @param values the flag's values, in order; later pairs override earlier ones
 * @param flag name of the flag, for errors
 * @throws FlwrError invalid-argument, naming the flag and what is wrong; not-found if the file cannot be read
 */
export async function readRunConfig(
  values: readonly string[],
  flag = "--run-config",
): Promise<RunConfig> {
  return await readSettings(values, flag, {
    pairs: (text) => pairs(text, flag),
    table: (table, where) => Object.entries(flattenConfig(table, where)),
  }).then(Object.fromEntries);
}

/** How the values of `--run-config` become settings. */
export interface SettingsReader<Value> {
  /** Reads pairs. */
  readonly pairs: (text: string) => Iterable<readonly [string, Value]>;
  /** Reads the table of a file. @param where name of the file, for errors */
  readonly table: (table: TomlTable, where: string) => Iterable<readonly [string, Value]>;
}

/**
 * Reads `--run-config` as {@link readRunConfig} does, with other values.
 *
 * @returns names and values, in order; a name may occur again, and then replaces the earlier one
 */
export async function readSettings<Value>(
  values: readonly string[],
  flag: string,
  reader: SettingsReader<Value>,
): Promise<(readonly [string, Value])[]> {
  const files = values.filter((value) => value.trim().endsWith(".toml"));
  if (files.length === 0) return values.flatMap((text) => [...reader.pairs(text)]);
  if (values.length > 1) {
    throw new FlwrError("invalid-argument", `${flag} accepts either pairs or one file, not both`, {
      hints: [`Put all settings into "${files[0]}"`],
    });
  }
  const file = files[0]!.trim();
  const bytes = await readFile(file, flag);
  try {
    return [...reader.table(parseToml(bytes, file), `"${file}"`)];
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `${flag}: ${message}`, { hints, cause });
  }
}

function pairs(text: string, flag: string): [string, ScalarValue][] {
  return [...parseConfigString(text, flag).typedEntries()].map((
    [name, typed],
  ) => [name, scalar(name, typed, flag)]);
}

function scalar(name: string, typed: TypedConfigValue, flag: string): ScalarValue {
  const value = scalarOf(typed);
  if (value !== undefined) return value;
  throw new FlwrError(
    "invalid-argument",
    `"${name}" in ${flag} is a list, which a run configuration cannot contain`,
    {
      hints: [`Write it as a text: ${name}="8,16"`],
    },
  );
}

async function readFile(file: string, flag: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    throw new FlwrError("not-found", `File "${file}" of ${flag} cannot be read`, {
      hints: [`Name an existing TOML file, or write pairs: ${flag} "num-rounds=3"`],
      cause,
    });
  }
}
