import { blocksBehind } from "../../graph/blocks.ts";
import type { Value } from "../../graph/value.ts";
import { poolAttributes } from "../plain_convolution.ts";
import type { Pattern } from "../tile.ts";
import { isBlocked } from "./channels.ts";
import { asImages } from "./operators.ts";
import { reorderOutput } from "./reorder.ts";

/**
 * Pools images on their blocks before they are reordered, unless the gradient of the pool needs the indices of the
 * maxima.
 */
export const blockedMaxPoolPattern = (block: number): Pattern => (value, facts) => {
  if (value.primitive !== "maxPool") return undefined;
  const [x] = value.inputs as readonly [Value];
  const blocks = blocksBehind(x);
  if (blocks === undefined || !isBlocked(blocks, block)) return undefined;
  if (facts.users(x).some(({ primitive }) => primitive === "maxPoolGrad")) return undefined;
  return {
    inputs: [blocks],
    emit: (builder, [name]) =>
      reorderOutput(
        builder,
        builder.node(
          "com.microsoft.nchwc.MaxPool",
          [asImages(builder, blocks.shape, name!)],
          poolAttributes(value.attributes.geometry),
        ),
        value.shape,
      ),
  };
};
