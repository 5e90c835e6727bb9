import {
  avgPool,
  avgPoolGrad,
  convInputGrad,
  convolve,
  convWeightGrad,
  maxPoolGrad,
} from "../graph/convolution.ts";
import { type GradientRules, notTwice } from "./rule.ts";

/** Gradient rules of convolution, which is bilinear and so closed with its two adjoints, and of pooling. */
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
      () => convolve(d, w!, y.attributes.geometry),
      () => convWeightGrad(d, dy!, y.attributes.geometry),
    ];
  },
  convWeightGrad: (y, d) => {
    const [x, dy] = y.inputs;
    return [
      () => convInputGrad(dy!, d, y.attributes.geometry),
      () => convolve(x!, d, y.attributes.geometry),
    ];
  },
  maxPool: (y, d) => [
    () => maxPoolGrad(y.inputs[0]!, d, y.attributes.geometry),
  ],
  avgPool: (y, d) => [() => avgPoolGrad(d, y.attributes.geometry)],
  // Mean pooling is linear, so the gradient of its adjoint is the pooling itself.
  avgPoolGrad: (y, d) => {
    const { kernel, ...options } = y.attributes.geometry;
    return [() => avgPool(d, kernel, options)];
  },
  maxPoolGrad: () => [undefined, notTwice("maxPoolGrad")],
} satisfies Partial<GradientRules>;
