import { FlwrError } from "../../base/error.ts";
import { linesOf } from "./line_reader.ts";
import { ChainCheck, type ChainExpectations } from "./verify.ts";

/** Name that stands for standard input. */
const STDIN = "-";

/**
 * Checks files that hold one chain, in their order.
 *
 * @param files paths, oldest file first; "-" is standard input
 * @throws FlwrError naming a file that cannot be read
 */
export async function verifyFiles(
  files: readonly string[],
  expected: ChainExpectations = {},
): Promise<ChainCheck> {
  const check = new ChainCheck(expected);
  for (const file of files) {
    let line = 0;
    for await (const read of linesOf(piecesOf(file))) {
      line++;
      check.add(read, { file, line });
    }
  }
  check.finish();
  return check;
}

async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  if (file === STDIN) return yield* Deno.stdin.readable;
  try {
    using open = await Deno.open(file, { read: true });
    const piece = new Uint8Array(256 * 1024);
    for (let count; (count = await open.read(piece)) !== null;) yield piece.subarray(0, count);
  } catch (cause) {
    throw new FlwrError("not-found", `Cannot read file "${file}"`, {
      hints: ['Name the files of the audit log, oldest first, or "-" for standard input'],
      cause,
    });
  }
}
