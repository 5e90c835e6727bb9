import { FlwrError } from "../../base/error.ts";
import { MessageErrorCode } from "../../entities/metadata.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ArrayRecord } from "../array_record.ts";
import type { ClientMod } from "../client_mod.ts";
import type { Context } from "../context.ts";
import { MessageTypes } from "../message_type.ts";
import { RecordDict } from "../record_dict.ts";

/** A reply's content on its way from the node. */
export interface Encoding {
  /** The model that the node was sent. */
  readonly sent: ReadonlyMap<string, Tensor>;
  /** Name of the reply's record with arrays. */
  readonly name: string;
  /** The reply's arrays. */
  readonly arrays: ArrayRecord;
  /** The reply's content, to be changed. */
  readonly content: RecordDict;
  readonly context: Context;
}

/**
 * A mod that encodes the model in replies to training. A reply that it cannot encode becomes an error with code
 * ModPrecondition.
 *
 * @param mod name of the mod, for reasons
 * @param encode changes the content. @throws FlwrError if it cannot
 */
export function encodingMod(mod: string, encode: (encoding: Encoding) => void): ClientMod {
  return async (message, context, next) => {
    if (message.metadata.messageType.split(".")[0] !== MessageTypes.Train) {
      return await next(message, context);
    }
    // Read before the app runs, which may replace arrays in the instruction's record.
    const instruction = [...message.content.arrayRecords.values()];
    const sent = instruction[0]?.viewTensors();
    const reply = await next(message, context);
    if (!reply.hasContent) return reply;
    try {
      if (sent === undefined || instruction.length > 1) {
        throw precondition(`The instruction has ${instruction.length} ArrayRecords, expected 1`);
      }
      const content = new RecordDict(reply.content);
      const [entry, ...others] = content.arrayRecords;
      if (entry === undefined || others.length > 0) {
        throw precondition(`The reply has ${content.arrayRecords.size} ArrayRecords, expected 1`);
      }
      encode({ sent, name: entry[0], arrays: entry[1], content, context });
      return reply.withContent(content);
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      return message.replyError(MessageErrorCode.ModPrecondition, `${mod}: ${error.message}`);
    }
  };
}

/** The only record with arrays of a reply's content. @throws FlwrError if there is another number of them */
export function onlyRecord(content: RecordDict): [string, ArrayRecord] {
  const [entry, ...others] = content.arrayRecords;
  if (entry !== undefined && others.length === 0) return entry;
  throw precondition(`it has ${content.arrayRecords.size} ArrayRecords, expected 1`);
}

/** A reply or an instruction is not as it must be. */
export function precondition(reason: string): FlwrError {
  return new FlwrError("failed-precondition", reason);
}
