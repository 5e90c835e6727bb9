import { checkPositive } from "../../base/check_option.ts";
import { CLIPPING_NORM, fixedClippingMod } from "../privacy/clipping_mods.ts";
import { localDpMod, type LocalDpOptions } from "../privacy/local_dp.ts";
import { addUpdate, checkFloats, clipTo, normOf, updateOf } from "../privacy/model_update.ts";
import type { Postprocessor } from "../strategy/postprocessor/postprocessor.ts";
import { checkOrder } from "./order.ts";

/**
 * Scales each update down to a Euclidean norm, over all arrays together: on the nodes, and again at the server, which does
 * not rely on them. It bounds what one faulty or malicious node can do to a round.
 *
 * @param norm the largest norm, above 0
 * @throws FlwrError "invalid-argument" for another norm
 *
 * @example
 * ```ts
 * const postprocessors = [clippedUpdates(1)];
 * new ComposedStrategy({ postprocessors });
 * new ClientApp().train(train, { mods: clientMods(postprocessors) });
 * ```
 */
export function clippedUpdates(norm: number): Postprocessor {
  checkPositive("norm", norm);
  return {
    kind: "clipping",
    check: checkOrder,
    clientMod: fixedClippingMod,
    config: () => ({ [CLIPPING_NORM]: norm }),
    onReply(reply, { sent }) {
      checkFloats(reply.tensors);
      const update = updateOf(sent, reply.tensors);
      const before = normOf(update, "l2");
      if (before <= norm) return reply;
      clipTo(update, norm, before);
      const model = addUpdate(sent, update, new Map([...sent, ...reply.tensors]));
      // A contract may allow replies with some of the arrays.
      const tensors = new Map([...reply.tensors.keys()].map((name) => [name, model.get(name)!]));
      return { ...reply, tensors };
    },
  };
}

/**
 * Adds noise on the nodes, after they clip their updates: local differential privacy, like {@link localDpMod}. Changes
 * that later postprocessors make to the noisy update cost no privacy. The wrappers for differential privacy add noise
 * at the server, where less is needed.
 *
 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
 */
export function localNoise(options: LocalDpOptions): Postprocessor {
  return {
    kind: "noise",
    clientMod: localDpMod(options),
    check: checkOrder,
  };
}
