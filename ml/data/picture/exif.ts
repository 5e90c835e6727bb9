/** How a picture is to be turned before it is shown (Exif 2.32, tag 274): 1 as it is, 2 to 8 mirrored or turned. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const ORIENTATION_TAG = 0x0112;
/** How the numbers of a field are stored (TIFF 6.0, section 2): the tag is to be SHORT, but not all programs keep to it. */
const READERS: Readonly<Record<number, (view: DataView, at: number, little: boolean) => number>> = {
  3: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
};
/** Bytes of a field of a TIFF directory. */
const FIELD = 12;

/**
 * The orientation in a picture's Exif data. Data that is damaged, or says nothing of it, means 1: it is not needed to read
 * the pixels.
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
