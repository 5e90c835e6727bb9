import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { ClientMod } from "../client_mod.ts";
import { isArrayRecord, RecordDict } from "../record_dict.ts";
import type { IsLocal } from "./partial_model.ts";

/** The record of the node's own arrays in its state. */
const STATE_RECORD = "local-parameters";

/** Options of {@link localParameters}. */
export interface LocalParametersOptions {
  /** The record with the model, in instructions and replies (default "arrays"). */
  readonly arraysKey?: string;
  /**
   * The node's local arrays before its first training, by name. Other arrays in it are ignored. Required if the
   * strategy sends only the shared arrays (default: the arrays that the node receives).
   */
  readonly initial?: () => ReadonlyMap<string, Tensor>;
}

/**
 * A client modifier that keeps some arrays of the model on the node, in the state of its run: the handler gets the
 * node's own arrays instead of those sent, and they are removed from its reply. Pass it to the ClientApp, so training
 * and evaluation see the same model.
 *
 * @param isLocal decides by its name whether an array stays on the node; the same as in `PartialModel`
 */
export function localParameters(
  isLocal: IsLocal,
  { arraysKey = "arrays", initial }: LocalParametersOptions = {},
): ClientMod {
  return async (message, context, next) => {
    const [type] = message.metadata.messageType.split(".");
    const sent = message.hasContent ? message.content.get(arraysKey) : undefined;
    if (type !== "train" && type !== "evaluate" || !isArrayRecord(sent)) {
      return next(message, context);
    }
    const kept = context.state.get(STATE_RECORD);
    const own = isArrayRecord(kept) ? kept : firstArrays(isLocal, initial);
    const filled = new ArrayRecord([...sent]);
    for (const [name, array] of own) filled.set(name, array);
    if (![...filled.keys()].some(isLocal)) {
      throw new FlwrError("failed-precondition", "isLocal names no array of the model", {
        hints: [
          `The model has ${[...filled.keys()].slice(0, 5).join(", ")}, …`,
          "Where the strategy sends the shared arrays alone, give the option initial",
        ],
      });
    }
    const reply = await next(
      message.withContent(new RecordDict([...message.content, [arraysKey, filled]])),
      context,
    );
    if (type !== "train" || !reply.hasContent) return reply;
    const records = [...reply.content].map(([name, record]) => {
      if (!isArrayRecord(record)) return [name, record] as const;
      if (name === arraysKey) keep(record);
      return [name, new ArrayRecord([...record].filter(([array]) => !isLocal(array)))] as const;
    });
    return reply.withContent(new RecordDict(records));

    function keep(trained: ArrayRecord): void {
      const next = new ArrayRecord([...own]);
      for (const [name, array] of trained) if (isLocal(name)) next.set(name, array);
      context.state.set(STATE_RECORD, next);
    }
  };
}

function firstArrays(
  isLocal: IsLocal,
  initial: (() => ReadonlyMap<string, Tensor>) | undefined,
): ArrayRecord {
  return ArrayRecord.fromTensors([...initial?.() ?? []].filter(([name]) => isLocal(name)));
}
