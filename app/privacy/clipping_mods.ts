import type { Tensor } from "../../tensor/tensor.ts";
import type { ClientMod } from "../client_mod.ts";
import type { Message } from "../message.ts";
import { addUpdate, clipTo, normOf, updateOf } from "./model_update.ts";
import { refused, trainReplyMod } from "./train_reply.ts";

/** Name of the setting with the clipping norm, and of the metric that says whether a node has clipped. Flower's names. */
export const [CLIPPING_NORM, NORM_BIT] = ["clipping_norm", "norm_bit"] as const;

/**
 * Flower's `fixedclipping_mod`: clips the update of a training to the norm in the instruction, for
 * {@link DifferentialPrivacyClientSideFixedClipping}. It acts on `train` messages only.
 *
 * @example
 * ```ts
 * const app = new ClientApp().train(train, { mods: [fixedClippingMod] });
 * ```
 */
export const fixedClippingMod: ClientMod = trainReplyMod({
  name: "fixedClippingMod",
  settings: clippingNormOf,
  change: ({ sent, trained }, limit) => clip(sent, trained, limit).model,
});

/**
 * Flower's `adaptiveclipping_mod`: like {@link fixedClippingMod}, and also sets the metric `norm_bit` to 1 if the
 * update was larger than the norm, and to 0 otherwise, for {@link DifferentialPrivacyClientSideAdaptiveClipping}.
 */
export const adaptiveClippingMod: ClientMod = trainReplyMod({
  name: "adaptiveClippingMod",
  settings: clippingNormOf,
  change({ sent, trained }, limit, content) {
    const [metrics, ...others] = content.metricRecords.values();
    if (metrics === undefined || others.length > 0) {
      throw refused(`The reply has ${content.metricRecords.size} MetricRecords, expected 1`);
    }
    const { model, clipped } = clip(sent, trained, limit);
    metrics.setTyped(NORM_BIT, { type: "sint64", value: clipped ? 1n : 0n });
    return model;
  },
});

function clippingNormOf({ content }: Message): number {
  const [config, ...others] = content.configRecords.values();
  if (config === undefined || others.length > 0) {
    throw refused(`The instruction has ${content.configRecords.size} ConfigRecords, expected 1`);
  }
  const limit = Number(config.get(CLIPPING_NORM));
  if (limit > 0 && limit < Infinity) return limit;
  const got = config.has(CLIPPING_NORM) ? `${config.get(CLIPPING_NORM)}` : "none";
  throw refused(`The instruction's "${CLIPPING_NORM}" must be a number above 0: got ${got}`);
}

function clip(
  sent: ReadonlyMap<string, Tensor>,
  trained: ReadonlyMap<string, Tensor>,
  limit: number,
): { model: ReadonlyMap<string, Tensor>; clipped: boolean } {
  const update = updateOf(sent, trained);
  const norm = normOf(update, "l2");
  if (norm <= limit) return { model: trained, clipped: false };
  clipTo(update, limit, norm);
  // In the node's types, not the types sent: a strategy may send float64 for a float32 model.
  return { model: addUpdate(sent, update, trained), clipped: true };
}
