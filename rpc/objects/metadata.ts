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

/** What a message's metadata says, whoever keeps it: the SuperLink's messages and an app's have the same fields. */
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

/** Metadata as protobuf. The ids of tasks, by which later Flowers tell ServerApps of one run apart, are left out. */
export function metadataToWire(metadata: MessageMetadata): WireMetadata {
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

/** Metadata from protobuf. @throws FlwrError "invalid-argument" when it is missing */
export function metadataFromWire(metadata: WireMetadata | undefined): MessageMetadata {
  if (metadata === undefined) {
    throw new FlwrError("invalid-argument", "The message is refused: it has no metadata");
  }
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

/** A message's error as protobuf. */
export function errorToWire({ code, reason }: MessageError): WireError {
  return create(ErrorSchema, { code: BigInt(code), reason });
}

/** A message's error from protobuf. */
export function errorFromWire({ code, reason }: WireError): MessageError {
  return { code: Number(code), reason };
}
