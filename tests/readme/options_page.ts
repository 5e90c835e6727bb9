/**
 * Prints docs/options.md: the options of everything that an app can import from "flwr", from the doc comments.
 *
 *     deno run -A tests/readme/options_page.ts > docs/options.md && deno fmt docs/options.md
 */
import {
  type ApiDeclaration,
  type ApiLocation,
  type ApiProperty,
  type ApiSymbol,
  cell,
  documented,
  fileLink,
  namesByHeading,
  summary,
} from "./api_symbols.ts";

const INTRODUCTION = `# Options

This page lists the options of strategies, client modifiers, models, data sets and everything else that an app imports
from \`flwr\`, with their types and defaults. Pass them as an object, for example \`new FedAvg({ fractionTrain: 0.5 })\`.
[API](api.md) lists what takes them.

\`deno run -A tests/readme/options_page.ts\` generates this page, and a test compares it with the code.
`;

/** Types with options whose names do not end in "Options". */
const OTHERS: readonly string[] = [
  "AttentionMasks",
  "Augmentation",
  "CalibrationTarget",
  "Clipping",
  "DistributedPrivacy",
  "EarlyStop",
  "InputSpec",
  "InstructionInit",
  "MetricsAggregation",
  "PrivacyConfig",
  "Proximal",
  "StrategyParts",
  "TrainingChoice",
];

/** Whether the page has a section for a type. */
export function hasOptions(name: string): boolean {
  return name.endsWith("Options") || OTHERS.includes(name);
}

/** The anchor of a type's section. */
export function optionsAnchor(name: string): string {
  return name.toLowerCase();
}

/** The page, before the formatter has it. */
export async function optionsPage(): Promise<string> {
  const symbols = await documented("mod.ts");
  const sections = [...await namesByHeading()].flatMap(([title, names]) => {
    const own = names.filter(hasOptions).map((name) => section(symbols.get(name)!));
    return own.length === 0 ? [] : [`## ${title}`, ...own];
  });
  return [INTRODUCTION, ...sections].join("\n\n");
}

function section({ name, declarations }: ApiSymbol): string {
  const declaration = declarations[0]!;
  const { jsDoc, location, def } = declaration;
  const properties = def?.properties ?? [];
  const rows = properties.map(row);
  const table = rows.length === 0
    ? []
    : ["| option | type | meaning | default |", "| --- | --- | --- | --- |", ...rows];
  const others = inheritance(declaration, rows.length > 0);
  return [
    `### ${name}`,
    `${summary(jsDoc?.doc)} Defined in ${fileLink(fileName(location), location)}.`,
    table.join("\n"),
    ...others,
  ].filter((part) => part !== "").join("\n\n");
}

function fileName({ filename }: ApiLocation): string {
  return filename.slice(filename.lastIndexOf("/") + 1);
}

function row(property: ApiProperty): string {
  const { meaning, byDefault } = parts(property.jsDoc?.doc ?? "");
  const value = property.optional ? byDefault ?? "none" : "required";
  const type = typeOf(property).replaceAll("|", "\\|");
  return `| \`${property.name}\` | \`${type}\` | ${cell(meaning)} | ${cell(value)} |`;
}

/** Takes the default out of an option's comment: "(default 3)", "(default: none)" or "Default: none." */
export function parts(doc: string): { meaning: string; byDefault?: string } {
  const text = doc.replaceAll(/\s*\n\s*/g, " ").trim();
  for (
    const pattern of [/ ?\(default:? ((?:[^()]|\([^()]*\))+)\)/, / ?\bDefault: (.+?)\.(?= [A-Z]|$)/]
  ) {
    const found = pattern.exec(text);
    if (found !== null) return { meaning: text.replace(found[0], ""), byDefault: found[1]! };
  }
  return { meaning: text };
}

/** Sentences that name the types whose options a type also has. */
function inheritance({ location, kind }: ApiDeclaration, hasOwn: boolean): string[] {
  const head = /^[^={]*/.exec(sourceFrom(location))![0];
  const code = kind === "typeAlias"
    ? statement(location).replace(/^[^=]*=\s*/, "")
    : /\bextends\s+(.*)/s.exec(head)?.[1]?.trim() ?? "";
  if (code === "") return [];
  const sources = split(code).map(described);
  return [`${hasOwn ? "Also takes" : "Takes"} ${sources.join(", and ")}.`];
}

/** A type of which options are inherited, in words. */
function described(code: string): string {
  const [, how, base, names = ""] = /^(Omit|Pick)<\s*(\w+)\s*,\s*([^<>]*)>$/s.exec(code) ??
    [undefined, "", code];
  const link = `[\`${base}\`](#${optionsAnchor(base!)})`;
  const own = /^\{\s*\/\*\*(.*?)\*\/\s*readonly (\w+)\?: (\w+);\s*\}$/s.exec(code);
  if (own !== null) {
    return `\`${own[2]}\` (\`${own[3]}\`): ${cell(own[1]!.trim()).replace(/\.$/, "")}`;
  }
  const listed = [...names.matchAll(/"(\w+)"/g)].map(([, name]) => `\`${name}\``).join(", ");
  if (how === "Pick") return `${listed} of ${link}`;
  return `the options of ${link}${how === "Omit" ? ` except ${listed}` : ""}`;
}

/** An option's type as the source has it, in one line. */
function typeOf({ location }: ApiProperty): string {
  return statement(location).replace(/^(?:readonly\s+)?\w+\??\s*:\s*/, "").replaceAll(/\s+/g, " ")
    .replace(/^\| /, "");
}

/** The source from a place up to the semicolon that ends its statement. */
function statement(location: ApiLocation): string {
  const source = sourceFrom(location);
  return source.slice(0, endAt(source, ";"));
}

/** Splits at commas and `&` outside of brackets. */
function split(code: string): string[] {
  const end = endAt(code, ",&");
  const first = code.slice(0, end).trim();
  return end < code.length ? [first, ...split(code.slice(end + 1))] : [first];
}

/** The place of the first of these characters outside of brackets and strings. */
function endAt(source: string, characters: string): number {
  let depth = 0;
  let quote = "";
  for (const [place, character] of [...source].entries()) {
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === '"') quote = character;
    else if (depth === 0 && characters.includes(character)) return place;
    else if ("([{<".includes(character)) depth++;
    else if (")]}".includes(character) || (character === ">" && source[place - 1] !== "=")) depth--;
  }
  return source.length;
}

const sources = new Map<string, string[]>();

function sourceFrom({ filename, line, col }: ApiLocation): string {
  const lines = sources.get(filename) ?? Deno.readTextFileSync(new URL(filename)).split("\n");
  sources.set(filename, lines);
  return [lines[line]!.slice(col), ...lines.slice(line + 1)].join("\n");
}

if (import.meta.main) console.log(await optionsPage());
