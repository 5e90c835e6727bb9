import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { type Pair, pair } from "../graph/geometry.ts";
import { resize2d, type ResizeOptions } from "../graph/resize.ts";
import { showShape } from "../graph/shape.ts";
import { type Layer, layer, type LayerOptions } from "./layer.ts";
import { requirePair } from "./lengths.ts";

/** Options of {@link upsample2d}: either `scale` or `size`. */
export interface UpsampleOptions
  extends LayerOptions, Pick<ResizeOptions, "mode" | "alignCorners"> {
  /**
   * Factor of height and width, greater than 0: one number or [height, width]. The products are rounded down (default:
   * 2, unless `size` is given).
   */
  readonly scale?: number | Pair;
  /** Height and width of the result: one number or [height, width]. */
  readonly size?: number | Pair;
}

const NAMES: OptionNames<UpsampleOptions> = {
  scale: true,
  size: true,
  mode: true,
  alignCorners: true,
  name: true,
};
/** The names in PyTorch and Keras. Keras' `size` is our scale: a number that is too small shows that. */
const ELSEWHERE = {
  scale_factor: "Write it as scale",
  scaleFactor: "Write it as scale",
  align_corners: "Write it as alignCorners",
  interpolation: "Write it as mode",
};
const MODES: readonly unknown[] = ["nearest", "bilinear"];

/**
 * Enlarges images, float32 [batch, channels, height, width] → [batch, channels, height', width'], like PyTorch's
 * nn.Upsample, for networks that label each pixel. It has no parameters.
 *
 * @throws FlwrError "invalid-argument" for options that do not go together
 * @example
 * ```ts
 * const up = flwr.sequential(flwr.upsample2d({ scale: 2 }), flwr.conv2d({ out: 16, kernel: 3, padding: 1 }));
 * ```
 */
export function upsample2d(options: UpsampleOptions = {}): Layer {
  checkOptionNames("upsample2d", options, NAMES, ELSEWHERE);
  const { scale = 2, size, mode = "nearest", alignCorners } = options;
  if (size !== undefined) requirePair("upsample2d", "size", size);
  const fault = faultOf(options);
  if (fault !== undefined) throw new FlwrError("invalid-argument", fault);
  return layer("upsample2d", (x) => {
    const [height, width] = x.shape.slice(2);
    if (x.shape.length !== 4) {
      throw new FlwrError(
        "invalid-argument",
        `The input must have the shape [batch, channels, height, width]: got ${showShape(x.shape)}`,
      );
    }
    if (size !== undefined) return resize2d(x, pair(size), { mode, alignCorners });
    const [down, across] = pair(scale);
    const target: Pair = [Math.floor(height! * down), Math.floor(width! * across)];
    if (target.some((length) => length < 1)) {
      throw new FlwrError(
        "invalid-argument",
        `An image of ${height}×${width} pixels times ${down} and ${across} has no pixels`,
      );
    }
    return resize2d(x, target, { mode, alignCorners, scale: [down, across] });
  }, options);
}

/** What is wrong with options other than the size. */
function faultOf({ scale, size, mode, alignCorners }: UpsampleOptions): string | undefined {
  if (scale !== undefined && size !== undefined) {
    return "Options scale and size of upsample2d exclude each other: give one";
  }
  const factors: unknown[] = scale === undefined ? [] : [scale].flat();
  const isFactor = (factor: unknown) =>
    typeof factor === "number" && factor > 0 && Number.isFinite(factor);
  if (!factors.every(isFactor) || (Array.isArray(scale) && scale.length !== 2)) {
    return "Option scale of upsample2d must be a number greater than 0, or two as [height, width]: got " +
      JSON.stringify(scale);
  }
  if (mode !== undefined && !MODES.includes(mode)) {
    return `Option mode of upsample2d must be "nearest" or "bilinear": got ${JSON.stringify(mode)}`;
  }
  if (alignCorners === true && mode !== "bilinear") {
    return 'Option alignCorners of upsample2d goes with mode: "bilinear"';
  }
  return undefined;
}
