import { sameShape } from "../graph/shape.ts";
import { maxPoolWithIndices } from "./plain_convolution.ts";
import type { Pattern } from "./tile.ts";

/** Computes a max-pool whose gradient is needed too once, with its indices, for both. */
export const sharedPoolIndices: Pattern = (value, facts) => {
  if (value.primitive !== "maxPool") return undefined;
  const { geometry } = value.attributes;
  const [x] = value.inputs;
  const shared = facts.users(x!).some((user) =>
    user.primitive === "maxPoolGrad" &&
    (["kernel", "stride", "padding"] as const).every((key) =>
      sameShape(user.attributes.geometry[key], geometry[key])
    )
  );
  if (!shared) return undefined;
  return {
    inputs: [x!],
    emit: (builder, [name]) => maxPoolWithIndices(builder, geometry, name!)[0]!,
  };
};
