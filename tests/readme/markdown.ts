/** A fenced block of code. */
export interface CodeBlock {
  /** What stands after the fence, as "sh". */
  readonly language: string;
  readonly text: string;
  /** The text of the heading above it. */
  readonly heading: string;
  /** The last line of text above it. */
  readonly introduction: string;
}

/** The fenced blocks of a document, in order. */
export function codeBlocks(document: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let [heading, introduction] = ["", ""];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of document.split("\n")) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.lines.push(line);
      else if (line.startsWith("#")) heading = line.replace(/^#+ /, "");
      else if (line !== "") introduction = line;
    } else if (open === undefined) open = { language: fence[1]!, lines: [] };
    else {
      const { language, lines } = open;
      blocks.push({ language, text: lines.join("\n"), heading, introduction });
      open = undefined;
    }
  }
  return blocks;
}

/** The document without its fenced blocks. */
export function prose(document: string): string {
  return document.replace(/^```[\s\S]*?^```$/gm, "");
}

/** What stands between single backticks in a text without fenced blocks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);
}

/** The targets of a document's links. */
export function linkTargets(document: string): string[] {
  return [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors(document: string): string[] {
  return [...prose(document).matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The command lines of a block, each as its words: joined over backslashes, without comments. */
export function commandLines(block: string): string[][] {
  return block.replaceAll(/\\\n\s*/g, "").split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line.trim() !== "")
    .map(words);
}

function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3]!
  );
}

/** The lines of a page without what the formatter does: widths of columns, and where lines of text end. */
export function unformatted(page: string): string[] {
  return page.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---").split(/\n{2,}/)
    .flatMap((block) => block.startsWith("|") ? block.split("\n") : [block.replaceAll("\n", " ")])
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
