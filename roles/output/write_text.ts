/** Where a text goes. */
export type Stream = Pick<typeof Deno.stdout, "writeSync">;

/**
 * Writes all of a text.
 *
 * @returns whether somebody still reads it: `flwr log 7 | head` ends before the log does
 */
export function writeText(stream: Stream, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}
