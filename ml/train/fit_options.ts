import type { Tensor } from "../../tensor/tensor.ts";
import type { Schedule } from "../nn/schedule.ts";
import type { DpSgd, FitPrivacy } from "../step/dp_sgd.ts";
import type { NamedDataset } from "./dataset.ts";
import type { EarlyStop } from "./early_stop.ts";

/** Progress of a fit. */
export interface Progress {
  /** Number of the current epoch, from 1. */
  readonly epoch: number;
  /** Number of epochs of the fit. */
  readonly epochs: number;
  /** Number of completed steps in all epochs. */
  readonly step: number;
  /** Number of steps in all epochs. */
  readonly steps: number;
  /** Mean loss of this epoch's examples so far. */
  readonly loss: number;
  /** Examples per second so far, without the time for opening models and for validation. */
  readonly examplesPerSecond: number;
  /** Estimated seconds until the end, at this speed. */
  readonly secondsLeft: number;
}

/**
 * FedProx's proximal term (Li et al., 2020): strength/2 · ‖parameters − to‖² is added to the loss. Reported losses do
 * not contain it.
 */
export interface Proximal {
  /** μ, at least 0; 0.001 to 1 is common. */
  readonly strength: number;
  /** The global parameters by name (default: the model's parameters at the start of the fit). */
  readonly to?: ReadonlyMap<string, Tensor>;
}

/** Result of an epoch of a fit. */
export interface EpochReport {
  /** Number of the epoch that has ended, from 1. */
  readonly epoch: number;
  /** Number of epochs of the fit. */
  readonly epochs: number;
  /** Mean loss over the epoch's examples; each example's loss is computed before the step that learns from it. */
  readonly loss: number;
  /** Evaluation on the validation data after the epoch; undefined without validation data. */
  readonly validation?: Evaluation;
}

/** Options of a fit. */
export interface FitOptions {
  /** Number of passes over the data (default 1). */
  readonly epochs?: number;
  /**
   * Determines the order of the examples and the network's random numbers (default: random in each call and on each
   * node). Each epoch has its own order. With the same seed and parameters, a fit has the same result.
   */
  readonly seed?: number;
  /** Whether the order of examples is random (default true). */
  readonly shuffle?: boolean;
  /** Step size for this fit (default: the optimiser's). */
  readonly learningRate?: number;
  /**
   * "fresh": the optimiser starts without momentum, as in a train function that creates its own optimiser. "keep": it
   * continues with the momentum of the previous fit (default "fresh").
   */
  readonly optimizerState?: "fresh" | "keep";
  /** Factor of the learning rate in each step of this fit (default: 1 in all steps). */
  readonly schedule?: Schedule;
  /** FedProx: pulls the parameters towards their values at the start; a number is the strength (default 0). */
  readonly proximal?: number | Proximal;
  /**
   * Differentially private training, made by `dpSgd(…)` (default: none). The model's `batchSize` is then the expected
   * number of examples per step: which examples take part is random in each step, so `seed` and `shuffle` cannot be given.
   * The parameters are protected; losses and evaluations are not.
   */
  readonly privacy?: DpSgd;
  /**
   * Arrays by parameter name that are added to the gradients of the mean loss in every step, before clipping: the gradient
   * of ⟨correction, parameters⟩. SCAFFOLD and FedDyn need it. Parameters without one get none, and states such as running
   * means are not corrected (default: none).
   */
  readonly correction?: ReadonlyMap<string, Tensor>;
  /** Data to evaluate after each epoch. */
  readonly validation?: NamedDataset;
  /**
   * Ends the fit when the result on the validation data stops improving. The parameters become those of the best epoch,
   * even if the fit ran through all epochs.
   */
  readonly earlyStop?: EarlyStop;
  /**
   * Cancels the fit at once; the current step ends in the background. The parameters stay as they were before the fit.
   */
  readonly signal?: AbortSignal;
  /** Called about every 0.03 s with the progress. Return `"stop"` to end the fit early and keep what it has learned. */
  readonly onProgress?: (progress: Progress) => void | "stop";
  /** Called after each complete epoch with its result. Return `"stop"` to end the fit. */
  readonly onEpoch?: (report: EpochReport) => void | "stop";
}

/** Options of a single training step. */
export interface StepOptions {
  /** Step size (default: the optimiser's). */
  readonly learningRate?: number;
  /** Determines the network's random numbers (default: random in each call). */
  readonly seed?: number;
  /** Cancels the call at once; the parameters stay as they were before it. */
  readonly signal?: AbortSignal;
}

/** Result of a fit. */
export interface FitResult {
  /** Mean loss over the examples of each epoch; each example's loss is computed before the step that learns from it. */
  readonly losses: readonly number[];
  /** Evaluations on the validation data after each complete epoch; empty without validation data. */
  readonly validations: readonly Evaluation[];
  /** The epoch, from 1, whose parameters an early stop chose; undefined without an early stop. */
  readonly bestEpoch?: number;
  /** Number of completed steps in all epochs. */
  readonly steps: number;
  /** Number of examples in all epochs. */
  readonly examples: number;
  /** The privacy loss; undefined without `privacy`. */
  readonly privacy?: FitPrivacy;
  /** Duration in seconds, including validation. */
  readonly seconds: number;
}

/** Result of an evaluation. */
export interface Evaluation {
  /** Mean loss over the examples, by weight. */
  readonly loss: number;
  /** Sum of the losses of all examples, times their weights. */
  readonly lossSum: number;
  /**
   * Share of the examples that the network predicts correctly, by weight, 0 to 1; NaN if the loss does not define
   * correctness.
   */
  readonly accuracy: number;
  /** Number of examples. */
  readonly examples: number;
}
