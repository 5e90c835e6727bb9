import { FlwrError } from "../../base/error.ts";
import { BodyPace, PACE_LIMITS, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import type { ByteBudget, ByteLease } from "../byte_budget.ts";
import { MAX_MESSAGE_BYTES, SMALL_BODY_BYTES } from "../limits.ts";
import { joinParts } from "../../base/bytes.ts";
import { bodyRefusal, HttpRefusal } from "./refusal.ts";

/**
 * Number of pieces of any size in which a request's body may arrive. After them, pieces must have {@link
 * MIN_PIECE_BYTES} on average.
 */
export const FREE_PIECES = 64;

/**
 * Average size of a body's pieces, at least; a packet on the slowest connection has twice as many bytes. Each piece
 * costs as much time as 10 KiB, so a body in chunks of one byte would stall a server.
 */
const MIN_PIECE_BYTES = 256;

/** Limits of a request's body: size and speed. */
export interface BodyLimits extends PaceLimits {
  readonly maxBytes: number;
}

/** The default limits. */
export const BODY_LIMITS: BodyLimits = { maxBytes: MAX_MESSAGE_BYTES, ...PACE_LIMITS };

/**
 * Reserves memory for a request's body, waiting if necessary, unless the body is small. Call it before you read any
 * of the body.
 *
 * @param signal aborted when the caller disconnects
 * @throws HttpRefusal for a body that is compressed or too large; errors of {@link ByteBudget.acquire}
 */
export async function roomForBody(
  { headers }: Request,
  { maxBytes }: BodyLimits,
  budget: ByteBudget,
  signal: () => AbortSignal,
): Promise<ByteLease | undefined> {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new HttpRefusal(415, `Unsupported Content-Encoding "${encoding}".`);
  }
  const coding = headers.get("transfer-encoding") ?? "chunked";
  if (coding.toLowerCase() !== "chunked") {
    throw new HttpRefusal(501, `Unsupported Transfer-Encoding "${coding}".`);
  }
  const length = announcedLength(headers);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  // A body without an announced length may be as large as allowed.
  const bytes = length ?? maxBytes;
  return bytes <= SMALL_BODY_BYTES ? undefined : await budget.acquire(bytes, signal());
}

/**
 * Reads a request's body, into one buffer if its length is announced.
 *
 * @throws HttpRefusal for a body that is too large, too slow, or in too many pieces; FlwrError "cancelled" when the
 *   caller disconnects
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const length = announcedLength(request.headers);
  if (length === 0) return new Uint8Array();
  if (length !== undefined && length <= SMALL_BODY_BYTES) {
    return await readSmall(request, length, limits);
  }
  const whole = length === undefined ? undefined : new Uint8Array(length);
  return request.body === null ? new Uint8Array() : await readPieces(request.body, limits, whole);
}

/** Turns of the microtask queue within which Deno delivers a body that arrived together with its headers. */
const TURNS = 8;

/** Reads a body without a stream. Starts no timer for a body that is already there, as most are. */
async function readSmall(
  request: Request,
  length: number,
  { graceSeconds, minBytesPerSecond }: BodyLimits,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  let here = false;
  request.bytes().then((bytes) => {
    here = true;
    resolve(bytes);
  }, () => reject(callerGone()));
  for (let turn = 0; turn < TURNS && !here; turn++) await undefined;
  if (here) return promise;
  const late = setTimeout(
    () => reject(bodyRefusal(408, TOO_SLOW)),
    (graceSeconds + length / minBytesPerSecond) * 1000,
  );
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}

async function readPieces(
  body: ReadableStream<Uint8Array>,
  limits: BodyLimits,
  whole: Uint8Array | undefined,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let received = 0;
  let pieces = 0;
  let slow = false;
  const reader = body.getReader();
  using pace = new BodyPace(limits, () => {
    slow = true;
    reader.cancel().catch(() => {}); // ends the pending read
  });
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw callerGone();
    });
    if (slow) throw bodyRefusal(408, TOO_SLOW);
    if (done) return whole ?? joinParts(parts);
    if (received + value.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
    if (whole === undefined) parts.push(value);
    else whole.set(value, received);
    received += value.length;
    pace.addBytes(value.length);
    if (++pieces > FREE_PIECES && received < (pieces - FREE_PIECES) * MIN_PIECE_BYTES) {
      throw bodyRefusal(413, "The request arrives in too many small pieces.");
    }
  }
}

/**
 * A request's Content-Length; undefined for a chunked body, which has none.
 *
 * @throws HttpRefusal for a repeated Content-Length: repeated headers arrive joined by commas
 */
export function announcedLength(headers: Headers): number | undefined {
  if (headers.has("transfer-encoding")) return undefined;
  const text = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(text)) throw new HttpRefusal(400, "Malformed Content-Length.");
  return Number(text);
}

function callerGone(): FlwrError {
  return new FlwrError("cancelled", "The caller disconnected before the end of its request");
}

function tooLarge(maxBytes: number): HttpRefusal {
  return bodyRefusal(413, `The request is larger than ${maxBytes} bytes.`);
}
