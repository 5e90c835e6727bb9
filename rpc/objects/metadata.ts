import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { LinkMessage } from "../../entities/message.ts";
import type { MessageError } from "../../entities/metadata.ts";
import {
  type Error as WireError,
  ErrorSchema,
  type Metadata as WireMetadata,
  MetadataSchema,
} from "../../proto/gen/current/message_pb.ts";

/** A message's metadata, which the SuperLink's messages and an app's messages share. */
export type MessageMetadata = Pick<
  LinkMessage,
  | "messageId"
  | "runId"
  | "srcNodeId"
  | "dstNodeId"
  | "replyToMessageId"
  | "groupId"
  | "messageType"
  | "createdAt"
  | "ttl"
>;

/**
 * Converts metadata to protobuf. Omits the task ids by which later Flower versions distinguish the ServerApps of one
 * run.
 */
export function metadataFields(metadata: MessageMetadata): MessageMetadata {
  const { messageId, runId, srcNodeId, dstNodeId, replyToMessageId, groupId } = metadata;
  const { messageType, createdAt, ttl } = metadata;
  return {
    messageId,
    runId,
    srcNodeId,
    dstNodeId,
    replyToMessageId,
    groupId,
    messageType,
    createdAt,
    ttl,
  };
}

/** Metadata as protobuf. */
export function metadataToWire(metadata: MessageMetadata): WireMetadata {
  return create(MetadataSchema, metadataFields(metadata));
}

/** Converts metadata from protobuf. @throws FlwrError "invalid-argument" if it is missing */
export function metadataFromWire(metadata: WireMetadata | undefined): MessageMetadata {
  if (metadata === undefined) {
    throw new FlwrError("invalid-argument", "The message has no metadata");
  }
  return metadataFields(metadata);
}

/** Converts a message's error to protobuf. */
export function errorToWire({ code, reason }: MessageError): WireError {
  return create(ErrorSchema, { code: BigInt(code), reason });
}

/** Converts a message's error from protobuf. */
export function errorFromWire({ code, reason }: WireError): MessageError {
  return { code: Number(code), reason };
}
