import { FlwrError } from "../../base/error.ts";
import { joinParts } from "../../base/bytes.ts";

/**
 * Reads the body of a response in parts, because `Response.bytes` is three times slower in Deno 2.9.
 *
 * @throws FlwrError "data-loss" for a body larger than `maxBytes`; the rest is not read
 */
export async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.length;
    if (length > maxBytes) {
      throw new FlwrError("data-loss", `The response is larger than ${maxBytes} bytes`);
    }
  }
  return joinParts(parts);
}
