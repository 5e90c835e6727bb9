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
  if (header.length > 1 && header.every((name) => /^'.*'$/.test(name))) {
    return [`Save the table with the quote ": names in ' are read with these marks`];
  }
  if (header.length !== 1) return [];
  return delimiterHints(DELIMITERS.find((mark) => first.includes(mark)));
}

/** The hint that a mark may be what divides cells; none where it is no such mark. */
export function delimiterHints(mark: string | undefined): string[] {
  if (mark === undefined || !DELIMITERS.includes(mark)) return [];
  return [`Its cells look divided otherwise: set delimiter: ${JSON.stringify(mark)}`];
}
