import { systemClock } from "../../base/clock.ts";
import { answerBody, UNREAD_LINGER_MS } from "./answer_body.ts";
import type { Connection } from "./connections.ts";
import type { PlainAnswer } from "./refusal.ts";

/** Bytes of a refused request's body that are read and dropped, so that its connection can be used on. */
const MAX_DROPPED_BYTES = 64 * 1024;

/**
 * Makes an answer that is no message.
 *
 * Deno takes and drops what a request still brings after its answer, however much that is. So after a request whose body is
 * long, or of no announced length, the connection is closed: whoever sends it sees it end.
 *
 * @param unread whether the request's body was not read, or not to its end
 */
export function plainResponse(
  request: Request,
  connection: Connection,
  { status, headers, body, close = false }: PlainAnswer,
  unread: boolean,
): Response {
  const said = body === "" || request.method === "HEAD" ? null : new TextEncoder().encode(body);
  if (!close && (!unread || leavesLittle(request.headers))) {
    return new Response(said, { status, headers });
  }
  const parts = said === null ? [] : [said];
  const stream = answerBody(connection, {
    next: async () => {
      const part = parts.shift();
      // A body whose read still waits lets no connection go before the answer's end.
      if (part !== undefined || status === TOO_LATE) return part;
      // All that was announced is on its way; at the end of the stream Deno would begin to read on.
      await systemClock.sleep(UNREAD_LINGER_MS / 1000);
      connection.close();
    },
    // Or it asks for no end, once it has what was announced.
    ended: () => setTimeout(() => connection.close(), UNREAD_LINGER_MS),
  });
  return new Response(stream, {
    status,
    headers: { ...headers, "content-length": String(said?.length ?? 0), connection: "close" },
  });
}

/** The status of a body that came too slowly. */
const TOO_LATE = 408;

/** Whether a request's body is absent or short, so that its connection can be used on after it was dropped. */
function leavesLittle(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return false;
  return Number(headers.get("content-length") ?? 0) <= MAX_DROPPED_BYTES;
}
