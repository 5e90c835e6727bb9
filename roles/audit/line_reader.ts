/** Longest line of an audit log, in bytes. Records are at most a few KiB long. */
export const MAX_LINE_BYTES = 64 * 1024;

/** A line of a file. */
export interface FileLine {
  /** Without its line end; the first {@link MAX_LINE_BYTES} bytes of a longer one. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the file has a line end after it. */
  readonly isEnded: boolean;
}

/** Reads the lines of a file with little memory, however long they are. @param pieces the file's bytes, in order */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<FileLine> {
  let held = new Uint8Array(0);
  let omitted = 0;
  const add = (more: Uint8Array) => {
    const kept = more.subarray(0, MAX_LINE_BYTES - held.length);
    const joined = new Uint8Array(held.length + kept.length);
    joined.set(held);
    joined.set(kept, held.length);
    held = joined;
    omitted += more.length - kept.length;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      add(piece.subarray(from, end));
      yield { bytes: held, isEnded: true };
      held = new Uint8Array(0);
      omitted = 0;
      from = end + 1;
    }
    add(piece.subarray(from));
  }
  if (held.length > 0 || omitted > 0) yield { bytes: held, isEnded: false };
}
