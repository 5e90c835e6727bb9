import { Message } from "../message.ts";
import { isRecordDict, type RecordDict } from "../record_dict.ts";
import { fromLegacyInstruction, isLegacyInstruction, toLegacyInstruction } from "./instruction.ts";
import { CURRENT_NAMES } from "./names.ts";
import { fromLegacyReply, toLegacyReply } from "./reply.ts";

/** The translation of an instruction and its reply at a node. */
export interface NodeTranslation {
  /** The instruction with the current names, for the ClientApp. */
  readonly instruction: Message;
  /** Translates the ClientApp's reply to the names that the ServerApp reads. */
  reply(reply: Message): Message;
}

/** Translates at the node. An instruction with current names, and its reply, stay unchanged. */
export function translateAtNode(instruction: Message): NodeTranslation {
  const { messageType } = instruction.metadata;
  if (!instruction.hasContent || !isLegacyInstruction(messageType, instruction.content)) {
    return { instruction, reply: (reply) => reply };
  }
  return {
    instruction: instruction.withContent(fromLegacyInstruction(messageType, instruction.content)),
    reply: (reply) =>
      reply.hasContent ? reply.withContent(toLegacyReply(messageType, reply.content)) : reply,
  };
}

/**
 * Translates a ServerApp's instructions for nodes that only know the older API. Messages that share their content share
 * the translation.
 */
export function toLegacyInstructions(messages: readonly Message[]): Message[] {
  const done = new Map<string, Map<RecordDict, RecordDict>>();
  return messages.map((message) => {
    if (!message.hasContent) return message;
    const { messageType } = message.metadata;
    const ofType = done.get(messageType) ?? new Map<RecordDict, RecordDict>();
    done.set(messageType, ofType);
    const legacy = ofType.get(message.content) ?? toLegacyInstruction(messageType, message.content);
    ofType.set(message.content, legacy);
    return message.withContent(legacy);
  });
}

/**
 * Translates a node's reply to the current names; it becomes an error reply if the older API's status is an error.
 *
 * @param names names of the instruction's arrays, for numbered arrays in the reply
 */
export function fromLegacyReplyMessage(reply: Message, names?: Iterable<string>): Message {
  if (!reply.hasContent) return reply;
  const result = fromLegacyReply(reply.metadata.messageType, reply.content, names);
  return isRecordDict(result) ? reply.withContent(result) : new Message(reply.metadata, result);
}

/** The names of an instruction's arrays, for {@link fromLegacyReplyMessage}. */
export function arrayNames(instruction: Message): string[] | undefined {
  if (!instruction.hasContent) return undefined;
  const arrays = instruction.content.arrayRecords.get(CURRENT_NAMES.arrays);
  return arrays && [...arrays.keys()];
}
