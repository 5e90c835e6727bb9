import { FlwrError } from "../../../base/error.ts";

/** A component of a frame: its name, and how many blocks of it an interleaved unit has in each direction. */
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
const END = 0xd9;
/** Programs write some ten scans; the specification's own example of a script has as many. */
const MAX_SCANS = 64;
/** A segment's marker and length. */
const HEAD = 4;

/**
 * Refuses files whose restart intervals the decoder cannot read, although they are valid. In a scan of one component it reads
 * the last interval to its full length, also where the component ends before: it skips blocks below the last row that it
 * holds, but it reads those of rows that only fill up an interleaved unit.
 *
 * Refuses, too, pictures of very many scans, whose decoding takes as many times as long.
 *
 * @throws FlwrError "resource-exhausted" for these; "unimplemented" where a scan's last interval is short, and its component has such rows
 */
export function checkRestartIntervals(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let interval = 0;
  let scans = 0;
  let frame: Frame | undefined;
  for (let at = 2; at + HEAD <= bytes.length;) {
    const marker = bytes[at + 1]!;
    // Fill bytes, and coded pixels up to the next marker. The decoder finds out whether they are damaged.
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0 || (marker & 0xf8) === 0xd0) {
      const next = bytes.indexOf(0xff, at + 1);
      if (next === -1) return;
      at = next;
      continue;
    }
    if (marker === END) return;
    const content = bytes.subarray(at + HEAD, at + 2 + view.getUint16(at + 2));
    // Each scan of a progressive picture goes over all of its pixels once more.
    if (marker === START_OF_SCAN && ++scans > MAX_SCANS) {
      throw new FlwrError(
        "resource-exhausted",
        `Picture has more than ${MAX_SCANS} scans: it would take minutes to decode`,
        { hints: ["Save it again with another program"] },
      );
    }
    if (marker === RESTART_INTERVAL) interval = (content[0]! << 8) | content[1]!;
    else if (FRAMES.includes(marker)) frame ??= readFrame(content);
    else if (marker === START_OF_SCAN && content[0] === 1 && interval > 0) {
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
