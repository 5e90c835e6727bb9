import { answerBody } from "./answer_body.ts";
import type { Connection } from "./connections.ts";
import { MAX_DROPPED_BYTES, UNREAD_LINGER_MS } from "./limits.ts";
import type { PlainAnswer } from "./refusal.ts";

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
    next: () => parts.shift(),
    ended: () => setTimeout(() => connection.close(), UNREAD_LINGER_MS),
  });
  return new Response(stream, {
    status,
    headers: { ...headers, "content-length": String(said?.length ?? 0), connection: "close" },
  });
}

/** Whether a request's body is absent or short, so that its connection can be used on after it was dropped. */
function leavesLittle(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return false;
  return Number(headers.get("content-length") ?? 0) <= MAX_DROPPED_BYTES;
}
