import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { FlwrError } from "../../base/error.ts";
import { MessageErrorCode } from "../../entities/metadata.ts";
import { ArrayRecord } from "../array_record.ts";
import type { ClientMod } from "../client_mod.ts";
import type { Message } from "../message.ts";
import { MessageTypes } from "../message_type.ts";
import { sameShape } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import { checkFloats } from "./model_update.ts";

/** A model by name. */
type ModelTensors = ReadonlyMap<string, Tensor>;

/** Work on the replies to instructions of training. */
export interface TrainReplyWork<Settings> {
  /** Name of the modifier, for error messages. */
  readonly name: string;
  /** Reads what the mod needs from the instruction, before the app runs. @throws FlwrError when it is missing */
  settings(instruction: Message): Settings;
  /** Changes a reply's model, and its other records in place. @throws FlwrError when a record is missing */
  change(
    models: { sent: ModelTensors; trained: ModelTensors },
    settings: Settings,
    content: RecordDict,
  ): ModelTensors;
}

/**
 * A mod that changes the model in replies to `train` and `train.…`. Other messages pass unchanged, because their
 * replies have no model. A reply that it cannot change becomes an error reply with code ModPrecondition, as in Flower,
 * so an unprotected model never leaves the node.
 */
export function trainReplyMod<Settings>(work: TrainReplyWork<Settings>): ClientMod {
  return async (message, context, next) => {
    if (message.metadata.messageType.split(".")[0] !== MessageTypes.Train) {
      return await next(message, context);
    }
    const refuse = (error: unknown) => {
      if (!(error instanceof FlwrError)) throw error;
      return message.replyError(MessageErrorCode.ModPrecondition, `${work.name}: ${error.message}`);
    };
    let sent: ArrayRecord;
    let settings: Settings;
    try {
      [[, sent]] = [onlyArrays(message.content, "instruction")];
      settings = work.settings(message);
    } catch (error) {
      return refuse(error);
    }
    // Read before the app runs, which may replace arrays in the instruction's record.
    const before = sent.viewTensors();
    const reply = await next(message, context);
    if (!reply.hasContent) return reply;
    try {
      const [name, arrays] = onlyArrays(reply.content, "reply");
      const trained = arrays.viewTensors();
      checkModels(before, trained);
      const content = new RecordDict(reply.content);
      const model = work.change({ sent: before, trained }, settings, content);
      return reply.withContent(content.set(name, ArrayRecord.fromTensors(model)));
    } catch (error) {
      return refuse(error);
    }
  };
}

function onlyArrays(content: RecordDict, of: string): [string, ArrayRecord] {
  const [entry] = content.arrayRecords;
  if (entry !== undefined && content.arrayRecords.size === 1) return entry;
  throw refused(`The ${of} has ${content.arrayRecords.size} ArrayRecords, expected 1`);
}

function checkModels(sent: ModelTensors, trained: ModelTensors): void {
  const names = [...sent.keys()];
  if (names.length !== trained.size || [...trained.keys()].some((name, i) => name !== names[i])) {
    throw refused(
      "The reply's arrays have other names, or another order, than those of the instruction",
    );
  }
  checkFloats(trained);
  for (const [name, { shape, data }] of trained) {
    const expected = sent.get(name)!.shape;
    if (!sameShape(shape, expected)) {
      throw refused(`Array "${name}" has shape [${shape}], expected [${expected}]`);
    }
    const odd = firstNotFinite(data);
    if (odd !== undefined) {
      throw refused(`Array "${name}" is not finite: element ${odd} is ${data[odd]}`);
    }
  }
}

/** The mod's precondition does not hold. */
export function refused(reason: string): FlwrError {
  return new FlwrError("failed-precondition", reason);
}
