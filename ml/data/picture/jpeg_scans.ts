import { FlwrError } from "../../../base/error.ts";

/** Markers (ITU T.81, table B.1). */
const START_OF_SCAN = 0xda;
const END = 0xd9;
/** Programs write about ten scans, as in the specification's example. */
const MAX_SCANS = 64;
/** Bytes of a segment's marker and length. */
const HEAD = 4;

/**
 * Refuses files of very many scans: each scan of a progressive picture covers all of its pixels, and may have no bytes.
 *
 * @throws FlwrError "resource-exhausted"
 */
export function checkScans(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let scans = 0;
  for (let at = 2; at + HEAD <= bytes.length;) {
    const marker = bytes[at + 1]!;
    // Fill bytes, and coded pixels up to the next marker. The decoder detects damage in them.
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0 || (marker & 0xf8) === 0xd0) {
      const next = bytes.indexOf(0xff, at + 1);
      if (next === -1) return;
      at = next;
      continue;
    }
    if (marker === END) return;
    if (marker === START_OF_SCAN && ++scans > MAX_SCANS) {
      throw new FlwrError(
        "resource-exhausted",
        `Picture has more than ${MAX_SCANS} scans: it would take minutes to decode`,
        { hints: ["Save it again as an ordinary JPEG file, or as PNG"] },
      );
    }
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
}
