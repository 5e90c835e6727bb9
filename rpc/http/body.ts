import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
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

/**
 * Reads a request's body.
 *
 * @throws Refusal for a body that is compressed, too large or too slow; FlwrError "cancelled" when the caller goes
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new Refusal(415, `Unsupported Content-Encoding "${encoding}".`);
  }
  if (Number(request.headers["content-length"] ?? 0) > limits.maxBytes) throw tooLarge(limits);
  const parts: Buffer[] = [];
  let received = 0;
  const start = performance.now();
  const checkPace = () => {
    const allowed = limits.graceSeconds + received / limits.minBytesPerSecond;
    const wait = start + allowed * 1000 - performance.now();
    if (wait > 0) timer = setTimeout(checkPace, wait);
    else reject(new Refusal(408, "The request came too slowly."));
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  checkPace();
  const take = (part: Buffer) => {
    received += part.length;
    if (received > limits.maxBytes) return reject(tooLarge(limits));
    parts.push(part);
  };
  const end = () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts, received));
  const gone = () =>
    reject(new FlwrError("cancelled", "The caller went before the end of its request"));
  request.on("data", take).once("end", end).once("close", gone);
  return promise.finally(() => {
    clearTimeout(timer);
    request.off("data", take).off("end", end).off("close", gone);
  });
}

function tooLarge({ maxBytes }: BodyLimits): Refusal {
  return new Refusal(413, `The request is larger than ${maxBytes} bytes.`);
}
