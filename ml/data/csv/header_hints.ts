/** Delimiters in files that are called CSV. */
const DELIMITERS = [",", ";", "\t", "|"];

/** Hints for a header that does not fit the table; none if it looks like a header. */
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
  if (/^\s*(\{|\[[\[{"\d]|\[$)/.test(first)) return ["It looks like JSON: save the table as CSV"];
  if (header.length !== 1) return [];
  if (first.startsWith("<")) return ["It looks like HTML or XML: save the table as CSV"];
  const mark = DELIMITERS.find((one) => first.includes(one));
  if (mark === undefined && /^\S+( \S+)+$/.test(first)) {
    return [`If spaces divide its cells, set delimiter: " "`];
  }
  return delimiterHints(mark);
}

/** A hint that a mark could be the delimiter; none if it is not a common delimiter. */
export function delimiterHints(mark: string | undefined): string[] {
  if (mark === undefined || !DELIMITERS.includes(mark)) return [];
  return [`The file seems to use another delimiter: set delimiter: ${JSON.stringify(mark)}`];
}

/** Hints for a record whose number of cells differs from the header's. */
export function lengthHints(header: readonly string[], cells: readonly string[]): string[] {
  const [other] = headerHints(header);
  if (other !== undefined) return headerHints(header);
  if (cells.length !== header.length + 1) return [];
  if (cells.at(-1) === "") return ["Remove the delimiter at the end of the lines below the header"];
  return [
    "If the first cell is the row's name, as R's write.table writes it, save the table without: " +
    "row.names = FALSE",
    'Put a cell that holds the delimiter in quotes (")',
  ];
}

/** Hints for a column without a name. @param index its position in the header */
export function unnamedHints(header: readonly string[], index: number): string[] {
  const hints = headerHints(header);
  if (index === header.length - 1 && index > 0) {
    return [...hints, "Remove the delimiter at the end of each line, if no column follows it"];
  }
  return [
    ...hints,
    "pandas and R write the rows' names so: write the table with index=False or row.names = FALSE",
  ];
}
