import { FlwrError } from "../../../base/error.ts";

const QUOTED = String.raw`"(?:[^"\\]|\\["\\])*"|'(?:[^']|'')*'`;
/** `name: text`, with an optional comment after a space and "#". */
const ENTRY = new RegExp(
  String
    .raw`^\s*(${QUOTED}|[^\s"'#{},:][^"'#{},:]*?)\s*:\s+(${QUOTED}|[^\s"'#{},][^"'{},]*?)\s*(?:\s#.*)?$`,
);

/**
 * Parses a subset of YAML for a table of names and texts: one `name: text` per line, or the same in braces with commas;
 * both kinds of quotes; comments; the document marker `---`. Anything else is an error.
 *
 * @param what the text's name in errors: `File "trusted.yaml"`
 * @throws FlwrError "invalid-argument" naming the line
 */
export function parseFlatYaml(text: string, what: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const { entry, line } of entriesOf(text)) {
    const fail = (problem: string) =>
      new FlwrError("invalid-argument", `${what}, line ${line}: ${problem}`, {
        hints: ["Write one per line, for example: fpk_name: ssh-ed25519 AAAA…"],
      });
    const [, rawName, rawValue] = ENTRY.exec(entry) ?? [];
    if (rawName === undefined || rawValue === undefined) {
      throw fail(`expected "name: text", got "${entry.trim().slice(0, 60)}"`);
    }
    const name = unquote(rawName);
    if (entries.has(name)) throw fail(`duplicate name "${name}"`);
    entries.set(name, unquote(rawValue));
  }
  return entries;
}

function entriesOf(text: string): { entry: string; line: number }[] {
  const numbered = text.split(/\r?\n/).map((entry, index) => ({ entry, line: index + 1 }))
    .filter(({ entry }) => !/^\s*(#|$)/.test(entry) && !/^(---|\.\.\.)\s*$/.test(entry));
  const whole = numbered.map(({ entry }) => entry).join("\n").trim();
  if (!whole.startsWith("{") || !whole.endsWith("}")) return numbered;
  const line = numbered[0]!.line;
  return whole.slice(1, -1).split(/[,\n]/).filter((entry) => entry.trim() !== "")
    .map((entry) => ({ entry, line }));
}

function unquote(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith("'")) return trimmed.slice(1, -1).replaceAll("''", "'");
  if (trimmed.startsWith('"')) return trimmed.slice(1, -1).replaceAll(/\\(["\\])/g, "$1");
  return trimmed;
}
