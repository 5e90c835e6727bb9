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
  metadataFields,
  metadataFromWire,
} from "../../objects/metadata.ts";
import { dictToRecordSet, recordSetToDict } from "./recordset.ts";

/** A whole message, as Flower 1.15 to 1.18 sends it. */
export interface WholeMessage {
  /** Its metadata, and its error if it has one. A reply has no id yet. */
  readonly head: MessageHead;
  /** Its content, present exactly if there is no error. */
  readonly content?: RecordDict;
}

/** Converts a whole message to protobuf. */
export function wholeToWire({ head, content }: WholeMessage): WireMessage {
  const body = head.error === undefined
    ? { content: dictToRecordSet(content!) }
    : { error: errorToWire(head.error) };
  return create(MessageSchema, { metadata: create(MetadataSchema, metadataFields(head)), ...body });
}

/**
 * Converts a whole message from protobuf.
 *
 * @throws FlwrError "invalid-argument" if it has no metadata, not exactly one of content and error, or content that
 *   {@link recordSetToDict} refuses
 */
export function wholeFromWire({ metadata, content, error }: WireMessage): WholeMessage {
  const head = metadataFromWire(metadata);
  if ((content === undefined) === (error === undefined)) {
    throw new FlwrError(
      "invalid-argument",
      "The message must have exactly one of content and error",
    );
  }
  return error === undefined
    ? { head, content: recordSetToDict(content!) }
    : { head: { ...head, error: errorFromWire(error) } };
}

/** Removes the id that a message's sender gave it. */
export function draftOf({ messageId: _, ...draft }: MessageHead): MessageDraft {
  return draft;
}
