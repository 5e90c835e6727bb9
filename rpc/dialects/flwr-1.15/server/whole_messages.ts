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
 * An instruction as a node of 1.15 to 1.18 takes it.
 *
 * @returns undefined when its run was stopped at this very moment
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
 * Takes replies of a node of 1.15 to 1.18. One whose content cannot be taken is answered for the node with an error, so
 * that the ServerApp hears of it now and not when its patience ends; such a node ends when its push fails.
 *
 * @returns what the push is answered with: 0 for each message, by its id
 * @throws ApiError "message-count-invalid", "run-not-running"; FlwrError "invalid-argument" for a message without
 *   metadata
 */
export async function pushWhole(
  link: Pick<Link, "runs" | "messages">,
  nodeId: bigint,
  messages: readonly WireMessage[],
): Promise<Record<string, number>> {
  const most = MAX_MESSAGES_PER_NODE_PUSH;
  if (messages.length === 0 || messages.length > most) {
    throw new ApiError(
      "message-count-invalid",
      `The push has ${messages.length} messages: a node pushes between 1 and ${most}`,
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

/** What a reply carries; an error where that cannot be taken. */
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

/** As in Flower, a refused reply is not told from an accepted one. @returns the reply's id */
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

/** The error that takes the place of a reply. Throws what is the SuperLink's own fault. */
function refusedReply(thrown: unknown): MessageError {
  const { code, message } = FlwrError.from(thrown);
  if (code !== "invalid-argument" && code !== "resource-exhausted") throw thrown;
  return {
    code: MessageErrorCode.Unknown,
    reason: `The SuperLink refused the reply: ${message}`,
  };
}
