/** An entry of a test's archive. */
export interface FixtureEntry {
  readonly name: string;
  readonly prefix?: string;
  /** The ustar type (default: a regular file). */
  readonly type?: string;
  readonly content?: Uint8Array;
  /** Size in the header (default: the actual size). */
  readonly size?: number;
}

/** One header record of a ustar archive. */
export function tarHeader(entry: FixtureEntry): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(0, entry.name);
  put(100, "0000644\0");
  put(124, octal(entry.size ?? entry.content?.length ?? 0, 11));
  put(148, " ".repeat(8));
  put(156, entry.type ?? "0");
  put(257, "ustar\x0000");
  put(345, entry.prefix ?? "");
  put(148, octal(header.reduce((sum, byte) => sum + byte, 0), 6) + "\0 ");
  return header;
}

/** A complete ustar archive, for tests. */
export function tarArchive(entries: readonly FixtureEntry[]): Uint8Array<ArrayBuffer> {
  const records = entries.flatMap((entry) => {
    const content = entry.content ?? new Uint8Array();
    const padded = new Uint8Array(Math.ceil(content.length / 512) * 512);
    padded.set(content);
    return [tarHeader(entry), padded];
  });
  const length = records.reduce((sum, record) => sum + record.length, 1024);
  const archive = new Uint8Array(length);
  let at = 0;
  for (const record of records) {
    archive.set(record, at);
    at += record.length;
  }
  return archive;
}
