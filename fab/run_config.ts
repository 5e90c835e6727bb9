import { parseConfigString } from "../app/config_string.ts";
import type { TypedConfigValue } from "../app/typed_value.ts";
import { FlwrError } from "../base/error.ts";
import { flattenConfig, type RunConfig, scalarOf, type ScalarValue } from "./scalar.ts";
import { parseToml } from "./toml/parse.ts";

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
  const files = values.filter((value) => value.trim().endsWith(".toml"));
  if (files.length === 0) return Object.fromEntries(values.flatMap((text) => pairs(text, flag)));
  if (values.length > 1) {
    throw new FlwrError("invalid-argument", `${flag} accepts either pairs or one file, not both`, {
      hints: [`Put all settings into "${files[0]}"`],
    });
  }
  const file = files[0]!.trim();
  const bytes = await readFile(file, flag);
  try {
    return flattenConfig(parseToml(bytes, file), `"${file}"`);
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
