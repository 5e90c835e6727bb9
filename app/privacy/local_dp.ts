import { FlwrError } from "../../base/error.ts";
import { gaussianNoise } from "../../privacy/accounting/gaussian_mechanism.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ClientMod } from "../client_mod.ts";
import { clipAsFlower } from "./flower_clipping.ts";
import { addUpdate, clipTo, type ModelUpdate, normOf, updateOf } from "./model_update.ts";
import { cryptoNoise, type NoiseSource } from "./noise_source.ts";
import { trainReplyMod } from "./train_reply.ts";

/** Options of {@link localDpMod}. */
export interface LocalDpOptions {
  /**
   * Largest norm of the update that leaves the node; a larger update is scaled down to it. The Euclidean norm for
   * "gaussian", the sum of absolute values for "laplace". Above 0.
   */
  readonly clippingNorm: number;
  /** ε of each reply, in nats. Above 0. The ε of k replies is at most k · ε. */
  readonly epsilon: number;
  /**
   * δ of each reply, above 0 and below 1. The δ of k replies is at most k · δ (default: none; required for "gaussian",
   * refused for "laplace").
   */
  readonly delta?: number;
  /** The distribution of the noise (default "gaussian"). */
  readonly mechanism?: "gaussian" | "laplace";
  /**
   * The most that the clipped update can change, in the same norm, if the node's data change. At least 2 ·
   * `clippingNorm`, the distance between two opposite updates (default: 2 · `clippingNorm`).
   */
  readonly sensitivity?: number;
  /**
   * Noise and clipping as in Flower's `LocalDpMod`: any `sensitivity` is accepted, and the noise follows the classic
   * formula, which is proven only for ε below 1 (default false).
   */
  readonly flowerCompatible?: boolean;
  /** Replaces the cryptographic noise. For tests only: such noise protects nothing. */
  readonly forTestsNoise?: NoiseSource;
}

/**
 * Local differential privacy: clips the update of a training and adds noise to it on the node, so not even the server
 * sees it. Each reply satisfies (ε, δ) for the node's whole data. Metrics, such as the number of examples, are sent
 * unchanged.
 *
 * The mod acts on `train` messages only. Flower's `LocalDpMod` turns the replies to `evaluate` into errors.
 *
 * - "gaussian": the smallest noise for any ε (Balle and Wang, 2018, arXiv:1805.06530).
 * - "laplace": noise of scale sensitivity / ε, for δ = 0 (Dwork et al., 2006), as a discrete Laplace distribution on a grid.
 *
 * @example
 * ```ts
 * const app = new ClientApp().train(train, {
 *   mods: [localDpMod({ clippingNorm: 1, epsilon: 2, delta: 1e-5 })],
 * });
 * ```
 * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
 */
export function localDpMod(options: LocalDpOptions): ClientMod {
  const { clippingNorm, mechanism = "gaussian", flowerCompatible = false } = options;
  checkOptions(options);
  const scale = noiseScale(options);
  const norm = mechanism === "laplace" ? "l1" : "l2";
  const noise = options.forTestsNoise ?? cryptoNoise();
  const addNoise = (update: ModelUpdate) => {
    for (const values of update.values()) noise[mechanism](values, scale);
  };
  return trainReplyMod({
    name: "localDpMod",
    settings: () => undefined,
    change({ sent, trained }) {
      if (flowerCompatible) {
        return noisyAsFlower(clipAsFlower(sent, trained, clippingNorm).model, addNoise);
      }
      const update = updateOf(sent, trained);
      clipTo(update, clippingNorm, normOf(update, norm));
      addNoise(update);
      return addUpdate(sent, update, trained);
    },
  });
}

/** Adds noise as Flower does: it also draws noise for arrays of rank 0, but does not add it to them. */
function noisyAsFlower(
  model: ReadonlyMap<string, Tensor>,
  addNoise: (values: ModelUpdate) => void,
): Map<string, Tensor> {
  const noise = new Map(
    [...model].map(([name, { data }]) => [name, new Float64Array(data.length)]),
  );
  addNoise(noise);
  for (const [name, { shape }] of model) if (shape.length === 0) noise.get(name)!.fill(0);
  return addUpdate(model, noise);
}

function noiseScale(options: LocalDpOptions): number {
  const { clippingNorm, epsilon, delta = 0, mechanism, flowerCompatible } = options;
  const sensitivity = options.sensitivity ?? 2 * clippingNorm;
  if (mechanism === "laplace") return sensitivity / epsilon;
  return flowerCompatible
    ? sensitivity * Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon
    : sensitivity * gaussianNoise(epsilon, delta);
}

function checkOptions(options: LocalDpOptions): void {
  const { clippingNorm, epsilon, delta, mechanism = "gaussian", sensitivity } = options;
  const positive = (name: string, value: number) => {
    if (!(value > 0 && value < Infinity)) throw outOfRange(name, "a finite number above 0", value);
  };
  positive("clippingNorm", clippingNorm);
  positive("epsilon", epsilon);
  if (mechanism !== "gaussian" && mechanism !== "laplace") {
    throw outOfRange("mechanism", '"gaussian" or "laplace"', `"${mechanism}"`);
  }
  if (mechanism === "laplace") {
    if (delta !== undefined && delta !== 0) {
      throw outOfRange("delta", 'absent with mechanism "laplace", whose δ is 0', delta);
    }
    if (options.flowerCompatible) {
      throw outOfRange("mechanism", '"gaussian" with flowerCompatible', '"laplace"');
    }
  } else if (delta === undefined || !(delta > 0 && delta < 1)) {
    throw outOfRange("delta", "above 0 and below 1", delta ?? "none");
  }
  if (sensitivity === undefined) return;
  positive("sensitivity", sensitivity);
  if (options.flowerCompatible || sensitivity >= 2 * clippingNorm) return;
  throw new FlwrError(
    "invalid-argument",
    `sensitivity must be at least 2 · clippingNorm = ${2 * clippingNorm}: got ${sensitivity}`,
    { hints: ["Leave it out: two clipped updates can differ by that much"] },
  );
}
