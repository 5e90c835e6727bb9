import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import type { MessageError } from "../../../entities/metadata.ts";
import {
  type Message as WireMessage,
  MessageSchema,
} from "../../../proto/gen/current/message_pb.ts";
import {
  errorFromWire,
  errorToWire,
  type MessageMetadata,
  metadataFromWire,
  metadataToWire,
} from "../../objects/metadata.ts";

/**
 * A message without its records, as it is sent. Both a LinkMessage and an app's metadata with its error have this
 * form.
 */
export interface MessageHead extends MessageMetadata {
  /** The message's error, in place of content. */
  readonly error?: MessageError;
}

/**
 * Converts a message to protobuf. Its content is present but empty, because it is sent as objects, and Flower rejects
 * a message with neither content nor error.
 */
export function messageToWire(head: MessageHead): WireMessage {
  return create(MessageSchema, {
    metadata: metadataToWire(head),
    ...(head.error === undefined ? { content: {} } : { error: errorToWire(head.error) }),
  });
}

/**
 * Converts a message from protobuf.
 *
 * @throws FlwrError "invalid-argument" if it has no metadata, or not exactly one of content and error
 */
export function messageFromWire({ metadata, content, error }: WireMessage): MessageHead {
  const head = metadataFromWire(metadata);
  if ((content === undefined) === (error === undefined)) {
    throw new FlwrError(
      "invalid-argument",
      "The message must have exactly one of content and error",
    );
  }
  return error === undefined ? head : { ...head, error: errorFromWire(error) };
}
