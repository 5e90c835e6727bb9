import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { FlwrError } from "../../base/error.ts";
import { BodyPace, PACE_LIMITS, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import { MAX_MESSAGE_BYTES } from "../limits.ts";
import { Refusal } from "./refusal.ts";

/** How large and how slow the body of a request may be. */
export interface BodyLimits extends PaceLimits {
  readonly maxBytes: number;
}

/** The limits in force. */
export const BODY_LIMITS: BodyLimits = { maxBytes: MAX_MESSAGE_BYTES, ...PACE_LIMITS };

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
  const pace = new BodyPace(limits, () => reject(new Refusal(408, TOO_SLOW)));
  const take = (part: Buffer) => {
    received += part.length;
    pace.take(part.length);
    if (received > limits.maxBytes) return reject(tooLarge(limits));
    parts.push(part);
  };
  const end = () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts, received));
  const gone = () =>
    reject(new FlwrError("cancelled", "The caller went before the end of its request"));
  request.on("data", take).once("end", end).once("close", gone);
  return promise.finally(() => {
    pace[Symbol.dispose]();
    request.off("data", take).off("end", end).off("close", gone);
  });
}

function tooLarge({ maxBytes }: BodyLimits): Refusal {
  return new Refusal(413, `The request is larger than ${maxBytes} bytes.`);
}
