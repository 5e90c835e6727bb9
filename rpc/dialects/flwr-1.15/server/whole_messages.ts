import { MAX_MESSAGES_PER_NODE_PUSH } from "../../current/server/fleet_service.ts";
import { type MessageError, MessageErrorCode } from "../../../../entities/metadata.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkMessage } from "../../../../entities/message.ts";
import type { RecordDict } from "../../../../proto/gen/current/recorddict_pb.ts";
import type { Message as WireMessage } from "../../../../proto/gen/flwr-1.15/message_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { metadataFromWire } from "../../../objects/metadata.ts";
import { requireRunning } from "../../current/server/fleet_call.ts";
import { loadContent, pushStored, storeMessage } from "../../flwr-1.9/server/content.ts";
import { draftOf, wholeFromWire, wholeToWire } from "../message.ts";

/**
 * Creates an instruction for a node of 1.15 to 1.18.
 *
 * @returns undefined if its run was stopped at that moment
 */
export async function readWhole(
  link: Pick<Link, "objects">,
  message: LinkMessage,
): Promise<WireMessage | undefined> {
  try {
    const content = await loadContent(link, message);
    return wholeToWire({ head: message, ...(content !== undefined && { content }) });
  } catch (error) {
    if (FlwrError.from(error).code === "not-found") return undefined;
    throw error;
  }
}

/**
 * Stores replies of a node of 1.15 to 1.18. An unacceptable content is replaced by an error reply, because the
 * ServerApp should learn of it now and not when its wait times out, and the node would exit on a failed push.
 *
 * @returns the response's results: 0 for each message, by its id
 * @throws ApiError "message-count-invalid", "run-not-running"; FlwrError "invalid-argument" for a message without
 *   metadata
 */
export async function pushWholeReplies(
  link: Pick<Link, "runs" | "messages">,
  nodeId: bigint,
  messages: readonly WireMessage[],
): Promise<Record<string, number>> {
  const most = MAX_MESSAGES_PER_NODE_PUSH;
  if (messages.length === 0 || messages.length > most) {
    throw new ApiError(
      "message-count-invalid",
      `The push has ${messages.length} messages: expected 1 to ${most}`,
    );
  }
  const heads = messages.map(({ metadata }) => metadataFromWire(metadata));
  for (const runId of new Set(heads.map(({ runId }) => runId))) await requireRunning(link, runId);
  const results: Record<string, number> = {};
  for (const [place, wire] of messages.entries()) {
    const { error, content } = readReply(wire);
    const draft = { ...draftOf(heads[place]!), ...(error !== undefined && { error }) };
    results[await push(link, nodeId, draft, content)] = 0;
  }
  return results;
}

/** Reads a reply's content or error; an error in place of unacceptable content. */
function readReply(
  wire: WireMessage,
): { readonly error?: MessageError; readonly content?: RecordDict } {
  try {
    const { head, content } = wholeFromWire(wire);
    return head.error === undefined ? { content: content! } : { error: head.error };
  } catch (thrown) {
    return { error: refusedReply(thrown) };
  }
}

/** Pushes a reply. As in Flower, a refused one looks like an accepted one. @returns the reply's id */
async function push(
  link: Pick<Link, "messages">,
  nodeId: bigint,
  draft: ReturnType<typeof draftOf>,
  content: RecordDict | undefined,
): Promise<string> {
  const reply = await storeMessage(draft, content)
    .catch((thrown) => storeMessage({ ...draft, error: refusedReply(thrown) }, undefined));
  await pushStored(link, nodeId, [reply]);
  return reply.message.messageId;
}

/** Creates the error that replaces a reply. Rethrows the SuperLink's own errors. */
function refusedReply(thrown: unknown): MessageError {
  const { code, message } = FlwrError.from(thrown);
  if (code !== "invalid-argument" && code !== "resource-exhausted") throw thrown;
  return {
    code: MessageErrorCode.Unknown,
    reason: `The SuperLink refused the reply: ${message}`,
  };
}
