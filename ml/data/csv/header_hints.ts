/** What else divides cells in files that are called CSV. */
const DELIMITERS = [",", ";", "\t", "|"];

/** What a header that does not fit the table may be instead; no hints where it looks like a header. */
export function headerHints(header: readonly string[]): string[] {
  const [first = ""] = header;
  const [, named] = /^sep=(.?)/i.exec(first) ?? [];
  if (named !== undefined) {
    return [
      "Remove the file's first line: programs of Windows name the delimiter there" +
      (named === "" ? "" : `. Set delimiter: ${JSON.stringify(named)}`),
    ];
  }
  if (first.startsWith("#")) {
    return ["Remove the comment in the file's first line: the header must be the first"];
  }
  if (header.length !== 1) return [];
  const other = DELIMITERS.find((mark) => first.includes(mark));
  return other === undefined
    ? []
    : [`Its cells look divided otherwise: set delimiter: ${JSON.stringify(other)}`];
}
