import { FlwrError } from "../../base/error.ts";
import { MAX_MODULUS } from "../../secagg/plus/settings.ts";
import { MIN_NODES } from "../../secagg/plus/share_counts.ts";
import { checkNumber } from "../../base/check_option.ts";

/** Default of `timeout`: seconds for the replies of a stage. */
const DEFAULT_STAGE_TIMEOUT_SECONDS = 3_600;

/** Largest quantisation range. Integers must stay below 2³¹. */
const MAX_QUANTIZATION_RANGE = 2 ** 30;

/** Options of SecAggPlus. Names and meanings are Flower's, but 1 always means all. */
export interface SecAggPlusOptions {
  /**
   * Number of shares of each secret, which is also a node's number of neighbours: a fraction of the nodes, above 0 and
   * up to 1, or a whole number from 3. An even number below the number of nodes becomes the next odd one. More shares
   * tolerate more dropouts, and take more work. Default: 1, every node sends shares to all.
   */
  readonly numShares?: number;
  /**
   * Shares that reconstruct a secret: a fraction of the shares, above 0.5 and up to 1, or a whole number from 2, more than
   * half of the shares. A higher value tolerates more colluding nodes, and fewer dropouts. Default: 2/3.
   */
  readonly reconstructionThreshold?: number;
  /**
   * The largest number of examples that a node may have. A node with more is left out. A value much larger than needed
   * costs precision. Default: 1000.
   */
  readonly maxWeight?: number;
  /** c: weighted model elements are clipped to [−c, c]. Default: 8. */
  readonly clippingRange?: number;
  /** R: [−c, c] becomes the integers from 0 to R. Up to 2³⁰; with N nodes N·R must stay below the modulus. Default: 2²². */
  readonly quantizationRange?: number;
  /** M: vectors are summed modulo M, a power of two up to 2³². Default: 2³². */
  readonly modulusRange?: number;
  /** Seconds for the replies of each stage, above 0. Default: 3600. */
  readonly timeout?: number;
}

/** The options with their defaults. @throws FlwrError "invalid-argument" naming the option that is out of range */
export function checkedOptions(options: SecAggPlusOptions): Required<SecAggPlusOptions> {
  const known = {
    numShares: options.numShares ?? 1,
    reconstructionThreshold: options.reconstructionThreshold ?? 2 / 3,
    maxWeight: options.maxWeight ?? 1_000,
    clippingRange: options.clippingRange ?? 8,
    quantizationRange: options.quantizationRange ?? 2 ** 22,
    modulusRange: options.modulusRange ?? MAX_MODULUS,
    timeout: options.timeout ?? DEFAULT_STAGE_TIMEOUT_SECONDS,
  };
  const unknown = Object.keys(options).find((name) => !(name in known));
  if (unknown !== undefined) {
    throw new FlwrError("invalid-argument", `SecAggPlus has no option "${unknown}"`, {
      hints: [`Its options: ${Object.keys(known).join(", ")}`],
    });
  }
  checkSharing(known);
  for (const name of ["maxWeight", "clippingRange", "timeout"] as const) {
    checkNumber(name, known[name], Number.MIN_VALUE);
  }
  const { quantizationRange, modulusRange } = known;
  if (!isWhole(quantizationRange, 1, MAX_QUANTIZATION_RANGE)) {
    throw refused("quantizationRange", quantizationRange, "a whole number from 1 to 2^30");
  }
  if (!isWhole(modulusRange, 4, MAX_MODULUS) || !Number.isInteger(Math.log2(modulusRange))) {
    throw refused("modulusRange", modulusRange, "a power of two from 4 to 2^32");
  }
  if (MIN_NODES * quantizationRange >= modulusRange) {
    throw refused(
      "quantizationRange",
      quantizationRange,
      `below modulusRange / ${MIN_NODES}, which is ${
        Math.floor(modulusRange / MIN_NODES)
      }: the sum ` +
        `of ${MIN_NODES} nodes would overflow`,
    );
  }
  return known;
}

function checkSharing(
  options: { readonly numShares: number; readonly reconstructionThreshold: number },
): void {
  const { numShares, reconstructionThreshold } = options;
  if (!(numShares > 0 && numShares <= 1) && !isWhole(numShares, MIN_NODES)) {
    throw refused(
      "numShares",
      numShares,
      "a fraction above 0 and up to 1, or a whole number from 3",
    );
  }
  const isPart = reconstructionThreshold > 0.5 && reconstructionThreshold <= 1;
  if (!isPart && !isWhole(reconstructionThreshold, 2)) {
    throw refused(
      "reconstructionThreshold",
      reconstructionThreshold,
      "a fraction above 0.5 and up to 1, or a whole number from 2",
    );
  }
  if (numShares <= 1 || isPart) return;
  const shares = numShares % 2 === 0 ? numShares + 1 : numShares;
  if (reconstructionThreshold <= shares / 2 || reconstructionThreshold > shares) {
    const [least, most] = [Math.ceil(shares / 2), shares];
    throw refused(
      "reconstructionThreshold",
      reconstructionThreshold,
      `${least} to ${most}: more than half of the ${shares} shares`,
    );
  }
}

function isWhole(value: number, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function refused(name: string, value: number, expected: string): FlwrError {
  return new FlwrError("invalid-argument", `${name} is ${value}, expected ${expected}`);
}
