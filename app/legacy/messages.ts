import { Message } from "../message.ts";
import { isRecordDict, type RecordDict } from "../record_dict.ts";
import { fromLegacyInstruction, isLegacyInstruction, toLegacyInstruction } from "./instruction.ts";
import { CURRENT_NAMES } from "./names.ts";
import { fromLegacyReply, toLegacyReply } from "./reply.ts";

/** What a node does with an instruction that may come from an older ServerApp. */
export interface NodeTranslation {
  /** The instruction under the current names: for the ClientApp. */
  readonly instruction: Message;
  /** The ClientApp's reply under the names that the ServerApp reads. */
  reply(reply: Message): Message;
}

/** Translates at the node's side. An instruction under the current names, and its reply, pass as they are. */
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
 * Translates a ServerApp's instructions for nodes that know only the older API. Messages that share their content
 * share it afterwards.
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
 * A node's reply under the current names; an error reply where the older API's status says that it failed.
 *
 * @param names the names of the instruction's arrays, for arrays that came back numbered
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
