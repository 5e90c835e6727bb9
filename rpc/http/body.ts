import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { FlwrError } from "../../base/error.ts";
import { BodyPace, PACE_LIMITS, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import type { ByteBudget, ByteLease } from "../byte_budget.ts";
import { MAX_MESSAGE_BYTES, SMALL_BODY_BYTES } from "../limits.ts";
import { Refusal } from "./refusal.ts";

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
  request: IncomingMessage,
  { maxBytes }: BodyLimits,
  budget: ByteBudget,
  signal: () => AbortSignal,
): Promise<ByteLease | undefined> {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new Refusal(415, `Unsupported Content-Encoding "${encoding}".`);
  }
  const length = announcedLength(request);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  // One that does not say how large it is may become as large as any.
  const bytes = length ?? maxBytes;
  return bytes <= SMALL_BODY_BYTES ? undefined : await budget.take(bytes, signal());
}

/**
 * Reads a request's body, into one piece of memory where it says how large it is.
 *
 * @throws Refusal for a body that is too large or too slow; FlwrError "cancelled" when the caller goes
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const length = announcedLength(request);
  const whole = length !== undefined && length > SMALL_BODY_BYTES
    ? Buffer.allocUnsafeSlow(length)
    : undefined;
  const parts: Buffer[] = [];
  let received = 0;
  const pace = new BodyPace(limits, () => reject(new Refusal(408, TOO_SLOW)));
  const take = (part: Buffer) => {
    if (whole !== undefined) part.copy(whole, received);
    else parts.push(part);
    received += part.length;
    pace.take(part.length);
    if (received > limits.maxBytes) reject(tooLarge(limits.maxBytes));
  };
  const end = () =>
    resolve(whole ?? (parts.length === 1 ? parts[0]! : Buffer.concat(parts, received)));
  const gone = () =>
    reject(new FlwrError("cancelled", "The caller went before the end of its request"));
  request.on("data", take).once("end", end).once("close", gone);
  return promise.finally(() => {
    pace[Symbol.dispose]();
    request.off("data", take).off("end", end).off("close", gone);
  });
}

/** How large a request says that its body is; undefined where it is sent in parts, as many as there are. */
export function announcedLength({ headers }: IncomingMessage): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"] ?? 0);
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `The request is larger than ${maxBytes} bytes.`);
}
