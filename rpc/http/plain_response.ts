import { systemClock } from "../../base/clock.ts";
import { responseBody, UNREAD_LINGER_MS } from "./response_body.ts";
import type { Connection } from "./connections.ts";
import type { PlainResponse } from "./refusal.ts";

/** Bytes of a refused request's body that are read and dropped to keep its connection usable. */
const MAX_DROPPED_BYTES = 64 * 1024;

/**
 * Creates a response that is not a protobuf message.
 *
 * After a response, Deno reads and drops the rest of the request, however long it is. So after a request with a long
 * body, or one of unknown length, this closes the connection, and the sender sees it end.
 *
 * @param unread whether the request's body was not read, or not to its end
 */
export function plainResponse(
  request: Request,
  connection: Connection,
  { status, headers, body, close = false }: PlainResponse,
  unread: boolean,
): Response {
  const bytes = body === "" || request.method === "HEAD" ? null : new TextEncoder().encode(body);
  if (!close && (!unread || leavesLittle(request.headers))) {
    return new Response(bytes, { status, headers });
  }
  const parts = bytes === null ? [] : [bytes];
  const stream = responseBody(connection, {
    next: async () => {
      const part = parts.shift();
      // While a read of the body is pending, the connection stays open until the response ends.
      if (part !== undefined || status === TOO_LATE) return part;
      // The announced length was sent. At the end of the stream Deno would start reading the request's body.
      await systemClock.sleep(UNREAD_LINGER_MS / 1000);
      connection.close();
    },
    // Deno may not ask for the end once it has the announced length.
    ended: () => setTimeout(() => connection.close(), UNREAD_LINGER_MS),
  });
  return new Response(stream, {
    status,
    headers: { ...headers, "content-length": String(bytes?.length ?? 0), connection: "close" },
  });
}

/** Status for a body that arrived too slowly. */
const TOO_LATE = 408;

/** Whether a request's body is absent or short enough to be dropped and its connection reused. */
function leavesLittle(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return false;
  return Number(headers.get("content-length") ?? 0) <= MAX_DROPPED_BYTES;
}
