import { FlwrError } from "../../base/error.ts";
import { conv, type ConvolutionOptions } from "../graph/convolution.ts";
import { add } from "../graph/elementwise.ts";
import { type Pair, pair } from "../graph/geometry.ts";
import { reshape } from "../graph/movement.ts";
import { showShape } from "../graph/shape.ts";
import { fanInUniform } from "./initializer.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends LayerOptions, ConvolutionOptions {
  /** Input channels (default: whatever the input has). */
  readonly in?: number;
  /** Output channels. */
  readonly out: number;
  /** Size of the kernels: one number or [height, width]. */
  readonly kernel: number | Pair;
  /** Whether a bias is added to each channel (default true). */
  readonly bias?: boolean;
}

/**
 * Convolution [batch, in, h, w] → [batch, out, h', w']. Parameters as PyTorch's nn.Conv2d: `weight`
 * [out, in/groups, kh, kw], `bias` [out].
 */
export function conv2d(options: Conv2dOptions): Layer {
  return layer("conv2d", (x, scope) => {
    const groups = options.groups ?? 1;
    const channels = options.in ?? x.shape[1];
    if (x.shape.length !== 4 || channels === undefined || x.shape[1] !== channels) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, ${options.in ?? "channels"}, height, width]: ` +
          `got ${showShape(x.shape)}`,
      );
    }
    const kernel = pair(options.kernel);
    const fanIn = (channels / groups) * kernel[0] * kernel[1];
    const shape = [options.out, channels / groups, ...kernel];
    const weight = scope.parameter("weight", shape, fanInUniform(fanIn));
    const product = conv(x, weight, options);
    if (options.bias === false) return product;
    const bias = scope.parameter("bias", [options.out], fanInUniform(fanIn));
    return add(product, reshape(bias, [1, options.out, 1, 1]));
  }, options);
}
