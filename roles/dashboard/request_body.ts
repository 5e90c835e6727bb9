import { announcedLength, readBody } from "../../rpc/http/body.ts";
import { PACE_LIMITS } from "../../rpc/body_pace.ts";
import { HttpRefusal } from "../../rpc/http/refusal.ts";
import { type Fields, fieldsOf } from "../../base/untrusted.ts";

/** Largest body of a request, in bytes: the settings of a run. */
const MAX_BODY_BYTES = 64 * 1024;

/** Reads the JSON object in a request's body. @throws HttpRefusal; FlwrError "invalid-argument" for another value */
export async function readJson(request: Request): Promise<Fields> {
  // Before memory for it is reserved. A body of unknown length is bounded while it is read.
  if ((announcedLength(request.headers) ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const bytes = await readBody(request, { ...PACE_LIMITS, maxBytes: MAX_BODY_BYTES });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpRefusal(400, "The request is not JSON");
  }
  return fieldsOf(value, "The request");
}

function tooLarge(): HttpRefusal {
  return new HttpRefusal(413, `The request has more than ${MAX_BODY_BYTES} bytes`, {}, true);
}
