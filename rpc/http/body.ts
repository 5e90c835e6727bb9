import { FlwrError } from "../../base/error.ts";
import { BodyPace, PACE_LIMITS, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import type { ByteBudget, ByteLease } from "../byte_budget.ts";
import { MAX_MESSAGE_BYTES, SMALL_BODY_BYTES } from "../limits.ts";
import { joined } from "./joined.ts";
import { bodyRefusal, Refusal } from "./refusal.ts";

/** Pieces of any size that a request's body may come in; after them a piece must have {@link MIN_PIECE_BYTES}. */
export const FREE_PIECES = 64;

/**
 * Bytes that a body's pieces must have on average: a packet of the slowest line has twice as many. Each costs as much
 * time as 10 KiB do, so a body in chunks of one byte would stop a server.
 */
const MIN_PIECE_BYTES = 256;

/** How large and how slow the body of a request may be. */
export interface BodyLimits extends PaceLimits {
  readonly maxBytes: number;
}

/** The limits in force. */
export const BODY_LIMITS: BodyLimits = { maxBytes: MAX_MESSAGE_BYTES, ...PACE_LIMITS };

/**
 * Waits until there is room for a request's body, unless it is small. To be called before a byte of it is asked for.
 *
 * @param signal aborted when the caller goes
 * @throws Refusal for a body that is compressed or too large; what {@link ByteBudget.take} throws
 */
export async function roomForBody(
  { headers }: Request,
  { maxBytes }: BodyLimits,
  budget: ByteBudget,
  signal: () => AbortSignal,
): Promise<ByteLease | undefined> {
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new Refusal(415, `Unsupported Content-Encoding "${encoding}".`);
  }
  const coding = headers.get("transfer-encoding") ?? "chunked";
  if (coding.toLowerCase() !== "chunked") {
    throw new Refusal(501, `Unsupported Transfer-Encoding "${coding}".`);
  }
  const length = announcedLength(headers);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  // One that does not say how large it is may become as large as any.
  const bytes = length ?? maxBytes;
  return bytes <= SMALL_BODY_BYTES ? undefined : await budget.take(bytes, signal());
}

/**
 * Reads a request's body, into one piece of memory where it says how large it is.
 *
 * @throws Refusal for a body that is too large, too slow, or in too many pieces; FlwrError "cancelled" when the caller
 *   goes
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

/** Turns of the microtask queue after which Deno has handed over a body that came together with its head. */
const TURNS = 8;

/** Reads a body without a stream, and starts no clock for one that is there already: most calls are so. */
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
    reader.cancel().catch(() => {}); // ends the read that waits
  });
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw callerGone();
    });
    if (slow) throw bodyRefusal(408, TOO_SLOW);
    if (done) return whole ?? joined(parts);
    if (received + value.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
    if (whole === undefined) parts.push(value);
    else whole.set(value, received);
    received += value.length;
    pace.take(value.length);
    if (++pieces > FREE_PIECES && received < (pieces - FREE_PIECES) * MIN_PIECE_BYTES) {
      throw bodyRefusal(413, "The request comes in too many small pieces.");
    }
  }
}

/**
 * How large a request says that its body is; undefined where it is sent in parts, as many as there are.
 *
 * @throws Refusal for a length that is said twice: repeated headers come joined
 */
export function announcedLength(headers: Headers): number | undefined {
  if (headers.has("transfer-encoding")) return undefined;
  const text = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, "Malformed Content-Length.");
  return Number(text);
}

function callerGone(): FlwrError {
  return new FlwrError("cancelled", "The caller went before the end of its request");
}

function tooLarge(maxBytes: number): Refusal {
  return bodyRefusal(413, `The request is larger than ${maxBytes} bytes.`);
}
