import { create, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import type { MessageDraft, NewLinkMessage } from "../../entities/message.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import { type Message, MessageSchema } from "../../proto/gen/current/message_pb.ts";
import { decodeRequest } from "../codec.ts";
import { errorFromWire, errorToWire, metadataFromWire, metadataToWire } from "./metadata.ts";
import { makeSmallObject, parseObject } from "./object.ts";

/**
 * Maximum cost of decoding a Message object's body, in the units of `weigh`. A body has 15 fields and an error's
 * text.
 */
const MAX_MESSAGE_BODY_UNITS = 50_000;

/** A message without an id. It has either the id of its content or an error. */
export type MessageInit = MessageDraft & { readonly content?: ObjectId };

/**
 * Creates the object of a message. The object's id is the message's id, its child is the content, if any, and its
 * body holds the metadata without an id, and the error. The body never contains the content.
 */
export function messageObject(message: MessageInit): LinkObject {
  const { content, error } = message;
  const body = create(MessageSchema, {
    metadata: metadataToWire({ ...message, messageId: "" }),
    ...(error && { error: errorToWire(error) }),
  });
  return makeSmallObject(
    "Message",
    content === undefined ? [] : [content],
    toBinary(MessageSchema, body),
  );
}

/**
 * Reads a Message object.
 *
 * @param object its bytes, which hash to its id
 * @returns the message under that id
 * @throws FlwrError "invalid-argument" for an object of another type, a message without exactly one of content and
 *   error, and a body that contains an id or content
 */
export function parseMessageObject(
  { id, bytes }: Pick<LinkObject, "id" | "bytes">,
): NewLinkMessage {
  const { type, children, body } = parseObject(bytes);
  if (type !== "Message") throw malformed(`it is a ${type}, expected Message`);
  const { metadata: head, content, error } = readBody(body);
  const metadata = metadataFromWire(head);
  if (metadata.messageId !== "") throw malformed("the message has an id in its own object");
  if (content !== undefined) throw malformed("the message's own object contains the content");
  if (children.length !== (error === undefined ? 1 : 0)) {
    throw malformed("a message must have either one content or an error");
  }
  const named = { ...metadata, messageId: id };
  return error === undefined
    ? { ...named, content: children[0]! }
    : { ...named, error: errorFromWire(error) };
}

function readBody(body: Uint8Array): Message {
  try {
    return decodeRequest(MessageSchema, body, MAX_MESSAGE_BODY_UNITS);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "Malformed object: its body is not a Message", {
      cause,
    });
  }
}

function malformed(why: string): FlwrError {
  return new FlwrError("invalid-argument", `Malformed object: ${why}`);
}
