/**
 * Prints docs/api.md: what an app can import from "flwr", from the doc comments.
 *
 *     deno run -A tests/readme/api_page.ts > docs/api.md && deno fmt docs/api.md
 */
import { type ApiSymbol, documented, fileLink, namesByHeading, summary } from "./api_symbols.ts";
import { hasOptions, optionsAnchor } from "./options_page.ts";

const INTRODUCTION = `# API

An app imports these names from \`flwr\`, for example \`import { ClientApp, FedAvg } from "flwr"\`. The
tables show the first sentence of each doc comment. [Options](options.md) lists the options of strategies, modifiers,
models and data sets, with types and defaults. Your editor shows the full comment with parameters, shapes,
units and errors; so does \`deno doc --filter FedAvg mod.ts\` in this folder.

\`deno run -A tests/readme/api_page.ts\` generates this page, and a test compares it with the code.
`;

const KINDS: Readonly<Record<string, string>> = {
  class: "class",
  function: "function",
  interface: "type",
  namespace: "module",
  typeAlias: "type",
  variable: "value",
};

/** The page, before the formatter has it. */
export async function apiPage(): Promise<string> {
  const [symbols, ops] = await Promise.all([documented("mod.ts"), documented("ml/ops.ts")]);
  const sections = [...await namesByHeading()].map(([title, names]) => [
    `## ${title}`,
    "",
    ...table(names.map((name) => symbols.get(name) ?? missing(name))),
    "",
  ]);
  const own = [
    "## Operations on symbolic arrays",
    "",
    'For your own layers: `import { ops } from "flwr"`, then `ops.add(x, y)`.',
    "",
    ...table([...ops.values()]),
    "",
  ];
  return [INTRODUCTION, ...sections.flat(), ...own].join("\n");
}

function table(symbols: readonly ApiSymbol[]): string[] {
  return ["| name | kind | what it is |", "| --- | --- | --- |", ...symbols.map(row)];
}

function row({ name, declarations }: ApiSymbol): string {
  const { kind, jsDoc, location } = declarations[0]!;
  const label = KINDS[kind] ?? kind;
  const text = name === "ops" ? OPS : summary(jsDoc?.doc) + optionsLink(name);
  return `| ${fileLink(name, location)} | ${label} | ${text} |`;
}

/** deno doc gives a namespace the comment of its module. */
const OPS = "Functions over symbolic arrays: [below](#operations-on-symbolic-arrays).";

function optionsLink(name: string): string {
  return hasOptions(name) ? ` [All options](${`options.md#${optionsAnchor(name)}`}).` : "";
}

function missing(name: string): never {
  throw new Error(`deno doc does not know "${name}" of mod.ts`);
}

if (import.meta.main) console.log(await apiPage());
