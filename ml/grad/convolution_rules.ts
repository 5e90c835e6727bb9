import { conv, convInputGrad, convWeightGrad, maxPoolGrad } from "../graph/convolution.ts";
import { type GradientRules, notTwice } from "./rule.ts";

/** Rules of convolution, which is bilinear and so closed with its two adjoints, and of pooling. */
export const convolutionRules = {
  conv: (y, d) => {
    const [x, w] = y.inputs;
    return [
      () => convInputGrad(d, w!, y.attributes.geometry),
      () => convWeightGrad(x!, d, y.attributes.geometry),
    ];
  },
  convInputGrad: (y, d) => {
    const [dy, w] = y.inputs;
    return [
      () => conv(d, w!, y.attributes.geometry),
      () => convWeightGrad(d, dy!, y.attributes.geometry),
    ];
  },
  convWeightGrad: (y, d) => {
    const [x, dy] = y.inputs;
    return [
      () => convInputGrad(dy!, d, y.attributes.geometry),
      () => conv(x!, d, y.attributes.geometry),
    ];
  },
  maxPool: (y, d) => [
    () => maxPoolGrad(y.inputs[0]!, d, y.attributes.geometry),
  ],
  maxPoolGrad: () => [undefined, notTwice("maxPoolGrad")],
} satisfies Partial<GradientRules>;
