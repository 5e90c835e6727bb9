import { FlwrError } from "../../base/error.ts";
import type { Postprocessor, PostprocessorKind } from "../strategy/postprocessor/postprocessor.ts";

/**
 * The order in a strategy's list. On the nodes the last one works first: an update is clipped, gets noise, is made sparse and
 * then quantised. The server undoes this in the order of the list.
 */
const ORDER: readonly PostprocessorKind[] = ["quantization", "sparsification", "noise", "clipping"];

/**
 * Refuses another order, and two of a kind. Noise that is added after an update was made sparse would not hide which
 * elements were chosen. A change between clipping and noise would break the bound that the noise is made for.
 *
 * @throws FlwrError "invalid-argument" that names the two
 */
export function checkOrder(all: readonly Postprocessor[]): void {
  const kinds = all.map(({ kind }) => kind).filter((kind) => kind && ORDER.includes(kind));
  kinds.forEach((kind, i) => {
    const before = kinds[i - 1];
    if (before === undefined || ORDER.indexOf(before) < ORDER.indexOf(kind!)) return;
    throw new FlwrError(
      "invalid-argument",
      before === kind
        ? `There are two postprocessors for ${kind}`
        : `The postprocessor for ${kind} must come before that for ${before}`,
      {
        hints: [`List them in this order: ${ORDER.join(", ")}. The nodes apply the last one first`],
      },
    );
  });
}
