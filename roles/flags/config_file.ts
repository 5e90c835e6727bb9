import { type Command, InvalidArgumentError, type Option } from "commander";
import { type FileKind, readBytes } from "../../auth/read_text.ts";
import { FlwrError } from "../../base/error.ts";
import { MAX_MANIFEST_BYTES, parseToml } from "../../fab/toml/parse.ts";
import { describeToml, type TomlValue } from "../../fab/toml/value.ts";
import { ForeignFlag } from "./foreign_options.ts";
import { UsageError } from "./values.ts";

/** Flags that a file cannot have: they are about the command line itself. */
const OF_COMMAND_LINE: ReadonlySet<string> = new Set(["config", "help"]);

const SETTINGS_FILE: FileKind = { what: "Settings", maxBytes: MAX_MANIFEST_BYTES };

/** Where commander says that a value of the file comes from. */
const SOURCE = "config";

/**
 * Gives a command the flags in a TOML file, except for those that the command line has. A key is the long name of a flag
 * without its dashes: `port = 8000`, `insecure = true`, `allow-read = ["/data"]`. Values are checked like those of flags,
 * and paths are relative to the working directory, as on the command line. Nothing is set if anything is wrong.
 *
 * @param file path of the file
 * @throws UsageError naming the file and every key that is wrong. FlwrError if the file cannot
 *   be read, as of readBytes
 */
export async function applyConfigFile(command: Command, file: string): Promise<void> {
  const table = parseToml(await readBytes({ file, flag: "--config" }, SETTINGS_FILE), file);
  const faults: string[] = [];
  const settings: (() => void)[] = [];
  for (const [key, value] of table) {
    try {
      settings.push(setting(command, key, value));
    } catch (error) {
      if (!(error instanceof InvalidArgumentError) && !(error instanceof FlwrError)) throw error;
      faults.push(`${key}: ${error.message}`);
    }
  }
  if (faults.length > 0) {
    throw new UsageError(
      "invalid-argument",
      [`"${file}" has settings that cannot be used`, ...faults].join("\n"),
      { hints: [`The settings are the flags of "${pathOf(command)} --help", without the dashes`] },
    );
  }
  for (const set of settings) set();
}

/** Checks one key of a file. @returns sets its flag @throws InvalidArgumentError, or FlwrError of a refused flag */
function setting(command: Command, key: string, value: TomlValue): () => void {
  const option = command.options.find(({ long }) => long === `--${key}`);
  if (option === undefined || OF_COMMAND_LINE.has(key)) {
    throw new InvalidArgumentError(`This is not a flag of ${pathOf(command)}.`);
  }
  const name = option.attributeName();
  const parsed = parsedValue(option, value);
  if (option instanceof ForeignFlag && parsed !== false) option.check(textOf(value));
  const given = command.getOptionValueSource(name);
  if (given !== undefined && given !== "default") return () => {};
  return () => command.setOptionValueWithSource(name, parsed, SOURCE);
}

function parsedValue(option: Option, value: TomlValue): unknown {
  if (option.isBoolean()) {
    if (typeof value === "boolean") return value;
    throw new InvalidArgumentError(`It must be true or false, not ${describeToml(value)}.`);
  }
  if (!Array.isArray(option.defaultValue)) return parsedText(option, value, option.defaultValue);
  if (!Array.isArray(value)) {
    throw new InvalidArgumentError(`It must be a list of strings, not ${describeToml(value)}.`);
  }
  return value.reduce<unknown>(
    (before, item) => parsedText(option, item, before),
    option.defaultValue,
  );
}

/** What commander makes of a flag's text. @param before what earlier items of a list have made */
function parsedText(option: Option, value: TomlValue, before: unknown): unknown {
  const text = textOf(value);
  if (text === undefined) {
    throw new InvalidArgumentError(`It must be a string or a number, not ${describeToml(value)}.`);
  }
  return option.parseArg === undefined ? text : option.parseArg(text, before);
}

/** The text of a value as the command line would have it. Undefined for a value without a text. */
function textOf(value: TomlValue): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return undefined;
}

function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
