import { FlwrError } from "../../../base/error.ts";

/** A component of a frame: its id, and the number of its blocks per interleaved unit in each direction. */
interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** Markers (ITU T.81, table B.1). */
const FRAMES = [0xc0, 0xc1, 0xc2];
const START_OF_SCAN = 0xda;
const RESTART_INTERVAL = 0xdd;
const QUANTIZATION = 0xdb;
const END = 0xd9;
/** Programs write about ten scans, as in the specification's example. */
const MAX_SCANS = 64;
const SAVE_AGAIN = ["Save it again as an ordinary JPEG file, or as PNG"];
/** Bytes of a segment's marker and length. */
const HEAD = 4;

/**
 * Refuses valid files that the decoder, jpeg-js 0.4.4, cannot read or reads incorrectly:
 *
 * - In a scan of one component it reads the last restart interval to its full length, even if the component ends before
 * that. It skips blocks below the last row, but reads those of rows that only fill an interleaved unit.
 * - It applies the last quantisation table of each number to the whole picture, even if the table changes between
 * scans.
 * - It counts blocks incorrectly if components are sampled at 2 : 3 or 3 : 4.
 * - Its time grows with the number of scans.
 *
 * @throws FlwrError "resource-exhausted" for many scans, "unimplemented" for the others
 */
export function checkDecodable(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let interval = 0;
  let scans = 0;
  let frame: Frame | undefined;
  const tables: QuantizationTables = new Map();
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
    const content = bytes.subarray(at + HEAD, at + 2 + view.getUint16(at + 2));
    // Each scan of a progressive picture covers all of its pixels.
    if (marker === START_OF_SCAN && ++scans > MAX_SCANS) {
      throw new FlwrError(
        "resource-exhausted",
        `Picture has more than ${MAX_SCANS} scans: it would take minutes to decode`,
        { hints: SAVE_AGAIN },
      );
    }
    if (marker === RESTART_INTERVAL) interval = (content[0]! << 8) | content[1]!;
    else if (marker === QUANTIZATION) collectTables(content, tables, scans > 0);
    else if (FRAMES.includes(marker)) {
      frame ??= readFrame(content);
      checkSampling(frame);
    }
    if (marker === START_OF_SCAN && content[0] === 1 && interval > 0) {
      if (frame !== undefined) checkScan(frame, content[1]!, interval);
    }
    at += HEAD + content.length;
  }
}

function readFrame(content: Uint8Array): Frame {
  return {
    height: (content[1]! << 8) | content[2]!,
    width: (content[3]! << 8) | content[4]!,
    components: Array.from({ length: content[5]! }, (_, i) => ({
      id: content[6 + 3 * i]!,
      across: content[7 + 3 * i]! >> 4,
      down: content[7 + 3 * i]! & 15,
    })),
  };
}

/** Quantisation tables in hexadecimal, by their numbers. */
type QuantizationTables = Map<number, string>;

/** Adds the tables of one segment (ITU T.81, B.2.4.1). @param changing whether a scan came before */
function collectTables(content: Uint8Array, tables: QuantizationTables, changing: boolean): void {
  for (let at = 0; at < content.length;) {
    const head = content[at]!;
    const end = at + 1 + (head >> 4 === 0 ? 64 : 128);
    const [number, table] = [head & 15, content.subarray(at, end).toHex()];
    if (changing && tables.has(number) && tables.get(number) !== table) {
      throw new FlwrError(
        "unimplemented",
        "Picture is a JPEG whose quantisation tables change between scans, which is not supported",
        { hints: SAVE_AGAIN },
      );
    }
    tables.set(number, table);
    at = end;
  }
}

function checkSampling({ components }: Frame): void {
  for (const direction of ["across", "down"] as const) {
    const most = Math.max(...components.map((component) => component[direction]));
    // The decoder refuses zero.
    if (components.every((component) => !(most % component[direction] > 0))) continue;
    throw new FlwrError(
      "unimplemented",
      "Picture is a JPEG whose components are sampled at " +
        `${
          components.map((component) => component[direction]).join(" : ")
        }, which is not supported`,
      { hints: SAVE_AGAIN },
    );
  }
}

function checkScan({ width, height, components }: Frame, id: number, interval: number): void {
  const component = components.find((one) => one.id === id);
  if (component === undefined) return;
  const blocks = (pixels: number, own: number, most: number) =>
    Math.ceil(Math.ceil(pixels / 8) * own / most);
  const most = Math.max(...components.map(({ down }) => down));
  const rows = blocks(height, component.down, most);
  const columns = blocks(
    width,
    component.across,
    Math.max(...components.map(({ across }) => across)),
  );
  const heldRows = Math.ceil(height / 8 / most) * component.down;
  if (rows === heldRows || rows * columns % interval === 0) return;
  throw new FlwrError(
    "unimplemented",
    "Picture is a JPEG with restart markers in a form that is not supported " +
      `(the last interval of component ${id} is shorter than ${interval} blocks)`,
    { hints: ["Save it without restart markers (jpegtran -restart 0 IN > OUT), or as PNG"] },
  );
}
