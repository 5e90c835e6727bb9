import { emitScaleAndShift, isNormalizedByChannel, isPerChannel } from "./channel.ts";
import type { Value } from "../graph/value.ts";
import { centre } from "./normalized.ts";
import type { Pattern } from "./tile.ts";

/**
 * The gradient of normalised channels, ((d − p) − y q) s with one p, q and s per channel, as d s + (c (−q r s) − p s):
 * y is c r, the distances from the mean times the inverse deviation. This takes two passes and a sum instead of four
 * passes, and does not need y.
 */
export const channelNormalizeGradPattern: Pattern = (value, facts) => {
  if (value.primitive !== "mul" || value.shape.length !== 4) return undefined;
  const [pulled, scale] = value.inputs;
  if (pulled!.primitive !== "sub" || facts.uses(pulled!) > 1) return undefined;
  const [rest, along] = pulled!.inputs;
  if (rest!.primitive !== "sub" || along!.primitive !== "mul") return undefined;
  const [slope, mean] = rest!.inputs as readonly [Value, Value];
  const [normal, share] = along!.inputs as readonly [Value, Value];
  if (!isNormalizedByChannel(normal) || slope.shape.length !== 4) return undefined;
  if (![scale!, mean, share].every((part) => isPerChannel(part, value))) return undefined;
  const [source] = normal.inputs;
  return {
    inputs: [slope, source!, scale!, mean, share],
    emit: (builder, [d, x, s, p, q]) => {
      const { centred, inverse } = centre(builder, source!, x!, normal.attributes);
      const opposite = builder.node("Neg", [s!]);
      const factor = builder.node("Mul", [builder.node("Mul", [q!, opposite]), inverse]);
      const shift = builder.node("Mul", [p!, opposite]);
      const drawn = emitScaleAndShift(builder, value.shape[1]!, [centred, factor, shift]);
      return builder.node("Add", [builder.node("Mul", [d!, s!]), drawn]);
    },
  };
};
