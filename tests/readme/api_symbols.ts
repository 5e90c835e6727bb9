/** What an app can import, as the doc comments describe it: for the generated pages of docs/. */
import { repositoryPath } from "../support/repository.ts";

/** A symbol as `deno doc --json` gives it: the parts that the pages show. */
export interface ApiSymbol {
  readonly name: string;
  readonly declarations: readonly ApiDeclaration[];
}

/** A declaration of a symbol. */
export interface ApiDeclaration {
  readonly kind: string;
  readonly jsDoc?: { readonly doc?: string };
  readonly location: ApiLocation;
  readonly def?: {
    readonly extends?: readonly unknown[];
    readonly properties?: readonly ApiProperty[];
  };
}

/** Where a declaration begins. */
export interface ApiLocation {
  readonly filename: string;
  /** From 0. */
  readonly line: number;
  /** From 0. */
  readonly col: number;
}

/** A property of an interface. */
export interface ApiProperty {
  readonly name: string;
  readonly optional?: boolean;
  readonly jsDoc?: { readonly doc?: string };
  readonly location: ApiLocation;
}

/** The symbols of a module, by name. */
export async function documented(module: string): Promise<Map<string, ApiSymbol>> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", repositoryPath(module)],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`deno doc cannot read ${module}`);
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout));
  const [{ symbols }] = Object.values(nodes) as [{ symbols: ApiSymbol[] }];
  return new Map(symbols.map((symbol) => [symbol.name, symbol]));
}

/** The names below each heading (a comment of one line) of mod.ts, in alphabetical order. */
export async function namesByHeading(): Promise<Map<string, string[]>> {
  const source = await Deno.readTextFile(repositoryPath("mod.ts"));
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

/** A link from docs/ to a symbol's file. */
export function fileLink(name: string, { filename }: ApiLocation): string {
  return `[\`${name}\`](../${filename.slice(new URL("../../", import.meta.url).href.length)})`;
}

/** The first sentence of a comment, for a cell of a table. */
export function summary(doc = ""): string {
  const paragraph = doc.split(/\n\s*\n/)[0]!.replaceAll("\n", " ").trim();
  return cell(/^.*?[^.][.](?= [A-Z`]|$)/.exec(paragraph)?.[0] ?? paragraph);
}

/** A comment's text for a cell of a table, in one line. */
export function cell(doc: string): string {
  return doc.replaceAll(/\s*\n\s*/g, " ").replace(/\{@link ([^}]*)\}/g, "`$1`")
    .replaceAll("|", "\\|").replaceAll(/(`[^`]*`)|</g, (_all, code) => code ?? "&lt;");
}
