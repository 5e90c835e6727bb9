/**
 * Prints docs/api.md: what an app can import from "flwr", from the doc comments.
 *
 *     deno run -A tests/readme/api_page.ts > docs/api.md && deno fmt docs/api.md
 */
import { repositoryPath } from "../support/repository.ts";

const INTRODUCTION = `# API

An app imports these names from \`flwr\`, for example \`import { ClientApp, FedAvg } from "flwr"\`. The
tables show the first sentence of each doc comment. Your editor shows the full comment with parameters, shapes,
units and errors; so does \`deno doc --filter FedAvg mod.ts\` in this folder.

\`deno run -A tests/readme/api_page.ts\` generates this page, and a test compares it with the code.
`;

/** A symbol as \`deno doc --json\` gives it: the parts that the page shows. */
interface Symbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: { readonly doc?: string };
    readonly location: { readonly filename: string };
  }[];
}

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
  const source = await Deno.readTextFile(repositoryPath("mod.ts"));
  const sections = [...groups(source)].map(([title, names]) => [
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

async function documented(module: string): Promise<Map<string, Symbol>> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", repositoryPath(module)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`deno doc cannot read ${module}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const [{ symbols }] = Object.values(nodes) as [{ symbols: Symbol[] }];
  return new Map(symbols.map((symbol) => [symbol.name, symbol]));
}

/** The names below each heading (a comment of one line) of the module, in the order of the alphabet. */
function groups(source: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const block of source.split(/^\/\/ /m).slice(1)) {
    const title = block.slice(0, block.indexOf("\n"));
    const names = [...block.matchAll(/export (?:type )?\{([^}]*)\}/g)]
      .flatMap(([, list]) => list!.split(","))
      .map((name) => name.trim().replace(/^type /, "").replace(/^.* as /, ""))
      .filter((name) => name !== "");
    found.set(title, names.sort((a, b) => a.localeCompare(b, "en")));
  }
  return found;
}

function table(symbols: readonly Symbol[]): string[] {
  return ["| name | kind | what it is |", "| --- | --- | --- |", ...symbols.map(row)];
}

function row({ name, declarations }: Symbol): string {
  const { kind, jsDoc, location } = declarations[0]!;
  const file = location.filename.slice(new URL("../../", import.meta.url).href.length);
  const label = KINDS[kind] ?? kind;
  return `| [\`${name}\`](../${file}) | ${label} | ${name === "ops" ? OPS : summary(jsDoc?.doc)} |`;
}

/** deno doc gives a namespace the comment of its module. */
const OPS = "Functions over symbolic arrays: [below](#operations-on-symbolic-arrays).";

/** The first paragraph, up to the end of its first sentence, for a cell of a table. */
function summary(doc = ""): string {
  const paragraph = doc.split(/\n\s*\n/)[0]!.replaceAll("\n", " ").trim();
  const sentence = /^.*?[^.][.](?= [A-Z`]|$)/.exec(paragraph)?.[0] ?? paragraph;
  return sentence.replace(/\{@link ([^}]*)\}/g, "`$1`").replaceAll("|", "\\|").replaceAll(
    "<",
    "&lt;",
  );
}

function missing(name: string): never {
  throw new Error(`deno doc does not know "${name}" of mod.ts`);
}

if (import.meta.main) console.log(await apiPage());
