import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { MessageDraft } from "../../../entities/message.ts";
import type { RecordDict } from "../../../proto/gen/current/recorddict_pb.ts";
import {
  type Message as WireMessage,
  MessageSchema,
  MetadataSchema,
} from "../../../proto/gen/flwr-1.15/message_pb.ts";
import type { MessageHead } from "../current/message.ts";
import {
  errorFromWire,
  errorToWire,
  type MessageMetadata,
  metadataFromWire,
} from "../../objects/metadata.ts";
import { dictToRecordSet, recordSetToDict } from "./recordset.ts";

/** A message as it travels whole, in Flower 1.15 to 1.18. */
export interface WholeMessage {
  /** Its metadata, and its error. A reply has no id yet. */
  readonly head: MessageHead;
  /** Exactly where there is no error. */
  readonly content?: RecordDict;
}

/** A whole message as protobuf. */
export function wholeToWire({ head, content }: WholeMessage): WireMessage {
  const body = head.error === undefined
    ? { content: dictToRecordSet(content!) }
    : { error: errorToWire(head.error) };
  return create(MessageSchema, { metadata: metadataToWire(head), ...body });
}

/**
 * A whole message from protobuf.
 *
 * @throws FlwrError "invalid-argument" when it has no metadata, not exactly one of content and error, or content that
 *   {@link recordSetToDict} refuses
 */
export function wholeFromWire({ metadata, content, error }: WireMessage): WholeMessage {
  const head = metadataFromWire(metadata);
  if ((content === undefined) === (error === undefined)) {
    throw new FlwrError(
      "invalid-argument",
      "The message is refused: it must have exactly one of content and error",
    );
  }
  return error === undefined
    ? { head, content: recordSetToDict(content!) }
    : { head: { ...head, error: errorFromWire(error) } };
}

/** A message without the id that its sender gave it. */
export function draftOf({ messageId: _, ...draft }: MessageHead): MessageDraft {
  return draft;
}

function metadataToWire(metadata: MessageMetadata) {
  const { messageId, runId, srcNodeId, dstNodeId, replyToMessageId, groupId } = metadata;
  const { messageType, createdAt, ttl } = metadata;
  return create(MetadataSchema, {
    messageId,
    runId,
    srcNodeId,
    dstNodeId,
    replyToMessageId,
    groupId,
    messageType,
    createdAt,
    ttl,
  });
}
