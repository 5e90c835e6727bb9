/** An output stream. */
export type Stream = Pick<typeof Deno.stdout, "writeSync">;

/**
 * Writes a text completely.
 *
 * @returns false if the reader has closed the pipe, e.g. after `flwr log 7 | head`
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
