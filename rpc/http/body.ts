import { FlwrError } from "../../base/error.ts";
import { MAX_MESSAGE_BYTES } from "../limits.ts";
import { BODY_GRACE_SECONDS, MIN_BODY_BYTES_PER_SECOND } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** How large and how slow the body of a request may be. */
export interface BodyLimits {
  readonly maxBytes: number;
  /** Seconds that any body may take. */
  readonly graceSeconds: number;
  /** Bytes that have to arrive in each second after that. */
  readonly minBytesPerSecond: number;
}

/** The limits in force. */
export const BODY_LIMITS: BodyLimits = {
  maxBytes: MAX_MESSAGE_BYTES,
  graceSeconds: BODY_GRACE_SECONDS,
  minBytesPerSecond: MIN_BODY_BYTES_PER_SECOND,
};

const EMPTY = new Uint8Array();

/**
 * Reads a request's body.
 *
 * @throws Refusal for a body that is too large, too slow or compressed; FlwrError "cancelled" when the caller goes
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const { headers, body } = request;
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    throw new Refusal(415, `Unsupported Content-Encoding "${encoding}".`);
  }
  if (Number(headers.get("content-length") ?? 0) > limits.maxBytes) throw tooLarge(limits);
  if (body === null) return EMPTY;
  const reader = body.getReader();
  const parts: Uint8Array[] = [];
  let received = 0;
  let late = false;
  const start = performance.now();
  const checkPace = () => {
    const allowed = limits.graceSeconds + received / limits.minBytesPerSecond;
    const wait = start + allowed * 1000 - performance.now();
    if (wait > 0) return setTimeout(() => timer = checkPace(), wait);
    late = true;
    discard(reader);
  };
  let timer = checkPace();
  try {
    for (;;) {
      const { value } = await reader.read();
      if (late) throw new Refusal(408, "The request came too slowly.");
      if (value === undefined) return joined(parts, received);
      received += value.length;
      if (received > limits.maxBytes) {
        discard(reader);
        throw tooLarge(limits);
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new FlwrError("cancelled", "The caller went before the end of its request", {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Ends the reading, also one that waits. The rest of the body is nobody's; a caller that is gone does not matter. */
function discard(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  reader.cancel().catch(() => {});
}

function tooLarge({ maxBytes }: BodyLimits): Refusal {
  return new Refusal(413, `The request is larger than ${maxBytes} bytes.`);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
