/** Types of HTTP/2's frames (RFC 9113, section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; a bit's meaning depends on the frame's type. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 0x20 } as const;

/** Error codes of RST_STREAM and GOAWAY (RFC 9113, section 7). */
export const ERROR = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;
export type ErrorNumber = typeof ERROR[keyof typeof ERROR];

/** Parameters of SETTINGS. */
export const SETTING = {
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** The client's connection preface. */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export const FRAME_HEAD_BYTES = 9;
/** The largest payload before a peer's SETTINGS allow more. */
export const MIN_MAX_FRAME_BYTES = 16_384;
export const DEFAULT_WINDOW_BYTES = 65_535;
export const MAX_WINDOW_BYTES = 2 ** 31 - 1;

/** A protocol error of the peer, for which its connection is closed. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";

  constructor(readonly code: ErrorNumber, message: string) {
    super(message);
  }
}

/** A frame's head. */
export interface FrameHead {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** Reads a frame's head of 9 bytes. */
export function readHead(bytes: Uint8Array, at: number): FrameHead {
  return {
    length: bytes[at]! << 16 | bytes[at + 1]! << 8 | bytes[at + 2]!,
    type: bytes[at + 3]!,
    flags: bytes[at + 4]!,
    streamId: readUint32(bytes, at + 5) & 0x7fff_ffff,
  };
}

/** Writes a frame's head of 9 bytes. */
export function writeHead(bytes: Uint8Array, at: number, head: FrameHead): void {
  const { length, type, flags, streamId } = head;
  bytes[at] = length >> 16;
  bytes[at + 1] = length >> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeUint32(bytes, at + 5, streamId);
}

/** Encodes a frame. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(),
): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + payload.length);
  writeHead(bytes, 0, { length: payload.length, type, flags, streamId });
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

/** Encodes 32-bit numbers as a payload. */
export function uint32s(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  values.forEach((value, index) => writeUint32(bytes, 4 * index, value));
  return bytes;
}

/** Encodes the payload of a SETTINGS frame. */
export function settingsPayload(settings: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = new Uint8Array(6 * settings.length);
  settings.forEach(([key, value], index) => {
    bytes[6 * index] = key >> 8;
    bytes[6 * index + 1] = key;
    writeUint32(bytes, 6 * index + 2, value);
  });
  return bytes;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The error for a frame that must not come here. @param what its type, or its field */
export function misplaced(what: string): ConnectionError {
  return new ConnectionError(ERROR.protocol, `${what} is misplaced`);
}

/** The payload of a frame without its padding. @throws ConnectionError if the padding is longer than the payload */
export function unpadded(payload: Uint8Array): Uint8Array {
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) throw misplaced("Padding");
  return payload.subarray(1, payload.length - padding);
}
