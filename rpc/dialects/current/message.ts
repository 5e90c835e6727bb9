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

/** A message without its records, as it travels: a LinkMessage and an app's metadata with its error are both one. */
export interface MessageHead extends MessageMetadata {
  /** What the message carries in the place of content. */
  readonly error?: MessageError;
}

/**
 * A message as it travels: the content is there but empty, for it comes as objects; Flower takes a message with neither
 * content nor error for malformed.
 */
export function messageToWire(head: MessageHead): WireMessage {
  return create(MessageSchema, {
    metadata: metadataToWire(head),
    ...(head.error === undefined ? { content: {} } : { error: errorToWire(head.error) }),
  });
}

/**
 * A message that came over the wire.
 *
 * @throws FlwrError "invalid-argument" when it has no metadata, or not exactly one of content and error
 */
export function messageFromWire({ metadata, content, error }: WireMessage): MessageHead {
  const head = metadataFromWire(metadata);
  if ((content === undefined) === (error === undefined)) {
    throw new FlwrError(
      "invalid-argument",
      "The message is refused: it must have exactly one of content and error",
    );
  }
  return error === undefined ? head : { ...head, error: errorFromWire(error) };
}
