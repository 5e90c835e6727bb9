/** What a client says first (RFC 9113, section 3.4). */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Types of frames (RFC 9113, section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

/** Bytes of a frame's head. */
const HEAD_BYTES = 9;

/** A frame that came. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Puts a frame together (RFC 9113, section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length << 8 | type);
  view.setUint8(4, flags);
  view.setUint32(5, stream);
  bytes.set(payload, HEAD_BYTES);
  return bytes;
}

/** Takes bytes as they come and gives the frames that they complete. */
export class FrameReader {
  #rest = new Uint8Array();

  *take(bytes: Uint8Array): Generator<Frame> {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const view = new DataView(all.buffer);
    let at = 0;
    while (all.length - at >= HEAD_BYTES) {
      const head = view.getUint32(at);
      const end = at + HEAD_BYTES + (head >>> 8);
      if (end > all.length) break;
      yield {
        type: head & 0xff,
        flags: view.getUint8(at + 4),
        stream: view.getUint32(at + 5) & 0x7fffffff,
        payload: all.subarray(at + HEAD_BYTES, end),
      };
      at = end;
    }
    this.#rest = all.slice(at);
  }
}
