import { Message } from "../../../../app/message.ts";
import type { Message as WireMessage } from "../../../../proto/gen/flwr-1.15/message_pb.ts";
import { recordDictFromWire, recordDictToWire } from "../../record_dict.ts";
import { wholeFromWire, wholeToWire } from "../message.ts";

/**
 * Converts a whole message to an app's message.
 *
 * @throws FlwrError "invalid-argument" for a malformed one
 */
export function appMessageFromWire(wire: WireMessage): Message {
  const { head: { error, ...metadata }, content } = wholeFromWire(wire);
  return content === undefined
    ? new Message(metadata, error!)
    : new Message(metadata, recordDictFromWire(content));
}

/** Converts an app's reply to a whole message. The SuperLink assigns its id. */
export function appMessageToWire(reply: Message): WireMessage {
  const { metadata, error } = reply;
  const head = { ...metadata, messageId: "" };
  return error === undefined
    ? wholeToWire({ head, content: recordDictToWire(reply.content) })
    : wholeToWire({ head: { ...head, error } });
}
