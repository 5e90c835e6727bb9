import type { Pattern } from "./tile.ts";

/** Steep enough to map any positive number that is not denormal to 1. */
const STEEP = 1e36;

/** The sign of a relu's result is 0 or 1, so it is computed with a steep HardSigmoid, three times faster than Sign. */
export const reluMaskPattern: Pattern = (value) => {
  const [x] = value.inputs;
  if (value.primitive !== "sign" || x!.primitive !== "relu") return undefined;
  return {
    inputs: [x!],
    emit: (builder, names) =>
      builder.node("HardSigmoid", names, { alpha: { float: STEEP }, beta: { float: 0 } }),
  };
};
