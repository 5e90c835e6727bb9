/**
 * Text from elsewhere as one harmless line: control characters (C0, DEL, C1) become escapes such as `\\n` and
 * `\\u009b`, so that nobody can forge a line or move the cursor of a reader's terminal.
 */
export function printable(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, escape);
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function escape(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
