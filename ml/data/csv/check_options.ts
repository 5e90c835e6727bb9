import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import {
  type CsvInputsOptions,
  type CsvOptions,
  invalid,
  namesColumns,
  type TableOptions,
} from "./options.ts";

const INPUTS_NAMES: OptionNames<CsvInputsOptions> = {
  inputs: true,
  delimiter: true,
  decimal: true,
  encoding: true,
  missing: true,
  missingCells: true,
  categories: true,
  standardize: true,
  schema: true,
};
const NAMES: OptionNames<CsvOptions> = {
  target: true,
  targetType: true,
  classes: true,
  split: true,
  ...INPUTS_NAMES,
};
/** Hints for other spellings and for names of pandas and scikit-learn. */
const ELSEWHERE = {
  standardise: "Use the option standardize",
  normalize: "Use the option standardize",
  sep: "Use the option delimiter",
  separator: "Use the option delimiter",
  na_values: "Use the option missingCells",
  fillna: "Use the option missing",
  usecols: "Use the option inputs",
  columns: "Use the option inputs",
  features: "Use the option inputs",
  label: "Use the option target",
  targets: "Use the option target",
  testFraction: "Use the option split: { testFraction: 0.2 }",
};

/** The format of a table's file, as in the names of the readers. */
export type TableFormat = "Csv" | "Parquet";

/** Refuses options of text in a file that has types. */
function checkFormat(options: TableOptions, format: TableFormat, suffix: string): void {
  if (format === "Csv") return;
  const unused = (["delimiter", "decimal", "encoding"] as const)
    .find((name) => Object(options)[name] !== undefined);
  if (unused === undefined) return;
  throw invalid(`read${format}${suffix} has no option "${unused}": ${format} files need none`, [
    "Leave it out",
  ]);
}

/**
 * Checks the names and types of options, which TypeScript only does for literals.
 *
 * @throws FlwrError "invalid-argument" that names the option, its value and what is expected
 */
export function checkOptions(options: CsvOptions, format: TableFormat = "Csv"): void {
  checkFormat(options, format, "");
  checkOptionNames(`read${format}`, options, NAMES, ELSEWHERE);
  // Callers in plain JavaScript can leave it out.
  if (options.target === undefined) {
    throw invalid("Option target is missing: set it to the name of the column with the targets", [
      `Call read${format}Inputs for a table without targets`,
    ]);
  }
  const { targetType } = options;
  if (targetType !== undefined && targetType !== "classes" && targetType !== "numbers") {
    throw invalid(`Option targetType must be "classes" or "numbers": got ${show(targetType)}`);
  }
  if (targetType === "numbers" && options.classes !== undefined) {
    throw invalid(
      "Option classes works only with targets that are classes, but targetType is numbers",
      [
        "Remove one of them",
      ],
    );
  }
  checkTypes(options);
}

/** Like {@link checkOptions}, for {@link CsvInputsOptions}. */
export function checkInputsOptions(
  options: CsvInputsOptions,
  format: TableFormat = "Csv",
): void {
  checkFormat(options, format, "Inputs");
  for (const name of ["target", "targetType", "classes", "split"]) {
    if ((options as Readonly<Record<string, unknown>>)[name] !== undefined) {
      throw invalid(`Option ${name} is not supported without targets`, [
        `Leave it out, or call read${format} for a data set with targets`,
      ]);
    }
  }
  checkOptionNames(`read${format}Inputs`, options, INPUTS_NAMES, ELSEWHERE);
  checkTypes(options);
}

/** Checks that lists are lists: a single string would be used letter by letter. */
function checkTypes(options: TableOptions): void {
  for (const name of ["inputs", "classes", "missingCells"] as const) {
    const value: unknown = options[name];
    if (value === undefined || isTexts(value)) continue;
    throw invalid(`Option ${name} must be a list of texts: got ${show(value)}`, [
      typeof value === "string"
        ? `Write ${name}: [${JSON.stringify(value)}]`
        : "Put quotes around each text",
    ]);
  }
  for (const name of ["delimiter", "encoding", "target"] as const) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === "string") continue;
    throw invalid(`Option ${name} must be a text: got ${show(value)}`);
  }
  const standardize: unknown = options.standardize;
  if (standardize !== undefined && typeof standardize !== "boolean" && !isTexts(standardize)) {
    throw invalid(
      `Option standardize must be true, false or a list of columns: got ${show(standardize)}`,
    );
  }
  const categories: unknown = options.categories;
  if (categories === undefined) return;
  if (typeof categories !== "object" || categories === null || Array.isArray(categories)) {
    throw invalid(`Option categories must have an entry for each column: got ${show(categories)}`, [
      'Write categories: { ward: "one-hot" }, for example',
    ]);
  }
  for (const [column, entry] of Object.entries(categories)) checkCategory(column, entry);
}

function checkCategory(column: string, entry: unknown): void {
  const { encoding, values, ...others } = typeof entry === "string"
    ? { encoding: entry }
    : Object(entry) as { encoding?: unknown; values?: unknown };
  const known = (encoding === "one-hot" || encoding === "codes") &&
    (values === undefined || isTexts(values)) && Object.keys(others).length === 0;
  if (known) return;
  throw invalid(`Option categories has ${show(entry)} for column "${column}"`, [
    'Set "one-hot" or "codes", or { encoding: "one-hot", values: ["a", "b"] }',
  ]);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

/** A short form of a value from plain JavaScript. */
function show(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : JSON.stringify(value) ?? typeof value;
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

/**
 * Checks the columns that options name.
 *
 * @throws FlwrError "invalid-argument" when options exclude each other or name a column that is not an input
 */
export function checkColumns(options: TableOptions, inputs: readonly string[]): void {
  const { schema, categories = {}, standardize, missing, target } = options;
  if (schema !== undefined) {
    const given = (["inputs", "classes", "categories", "standardize"] as const)
      .find((name) => options[name] !== undefined);
    if (given !== undefined) {
      throw invalid(`Options schema and ${given} exclude each other: leave one of them out`);
    }
  }
  if (target !== undefined && inputs.includes(target)) {
    throw invalid(`Column "${target}" is the target and one of the inputs`);
  }
  const repeated = inputs.find((name, i) => inputs.indexOf(name) !== i);
  if (repeated !== undefined) throw invalid(`Column "${repeated}" occurs twice in inputs`);
  const named: readonly (readonly [string, readonly string[]])[] = [
    ["categories", Object.keys(categories)],
    ["standardize", Array.isArray(standardize) ? standardize : []],
    ["missing", namesColumns(missing) ? Object.keys(missing) : []],
  ];
  for (const [option, columns] of named) {
    const known = option === "missing" && target !== undefined ? [...inputs, target] : inputs;
    const unknown = columns.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw invalid(`Option ${option} names a column that is not read: "${unknown}"`);
    }
  }
  const both = named[1]![1].find((name) => Object.hasOwn(categories, name));
  if (both !== undefined) throw invalid(`Column "${both}" of categories cannot be standardised`);
}
