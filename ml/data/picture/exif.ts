/** Transformation of a picture for display (Exif 2.32, tag 274): 1 none, 2 to 8 mirrored or rotated. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
/** Readers for the types of a number (TIFF 6.0, section 2). The tag should be SHORT, but not all programs comply. */
const READERS: Readonly<Record<number, (view: DataView, at: number, little: boolean) => number>> = {
  3: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
};
/** Bytes per field of a TIFF directory. */
const FIELD = 12;

/**
 * Reads the orientation from a picture's Exif data. If the data are damaged or have no orientation, it is 1, because
 * the pixels can be read without it.
 *
 * @param tiff Exif's content, which is a TIFF file without pixels
 */
export function readOrientation(tiff: Uint8Array): Orientation {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (view.getUint16(2, little) !== 42 || directory + 2 > tiff.length) return 1;
  const fields = view.getUint16(directory, little);
  for (let i = 0; i < fields; i++) {
    const at = directory + 2 + i * FIELD;
    if (at + FIELD > tiff.length) return 1;
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const value = READERS[view.getUint16(at + 2, little)]?.(view, at + 8, little) ?? 1;
    return value >= 1 && value <= 8 ? value as Orientation : 1;
  }
  return 1;
}
