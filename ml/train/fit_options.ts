import type { Tensor } from "../../tensor/tensor.ts";
import type { Schedule } from "../nn/schedule.ts";
import type { NamedDataset } from "./dataset.ts";
import type { EarlyStop } from "./early_stop.ts";

/** Progress of a fit. */
export interface Progress {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  /** How many epochs there will be. */
  readonly epochs: number;
  /** Steps done in all epochs, and how many there will be. */
  readonly step: number;
  /** Steps that there will be in all epochs. */
  readonly steps: number;
  /** Mean loss of this epoch's examples so far. */
  readonly loss: number;
  /** Examples per second so far, without the time for opening models and for validation. */
  readonly examplesPerSecond: number;
  /** Seconds that the rest takes at this speed. */
  readonly secondsLeft: number;
}

/**
 * FedProx's proximal term (Li et al., 2020): strength/2 · ‖parameters − to‖² is added to the loss. The loss
 * that is told is without it.
 */
export interface Proximal {
  /** μ, at least 0; 0.001 to 1 is common. */
  readonly strength: number;
  /** The global parameters by name (default: the model's when the fit begins). */
  readonly to?: ReadonlyMap<string, Tensor>;
}

/** Result of an epoch of a fit. */
export interface EpochReport {
  /** The epoch that has ended, from 1. */
  readonly epoch: number;
  /** How many epochs there will be. */
  readonly epochs: number;
  /** Mean loss over its examples, each taken before the step that learned from it. */
  readonly loss: number;
  /** What the model came to on the validation data after it; undefined when there are none. */
  readonly validation?: Evaluation;
}

/** Options of a fit. */
export interface FitOptions {
  /** Times to go through the data (default 1). */
  readonly epochs?: number;
  /**
   * Decides the order of the examples and what the network draws at random (default: another in each call and on each
   * node). Each epoch has an order of its own. With a seed, a fit of the same parameters gives the same result again.
   */
  readonly seed?: number;
  /** Whether the order is random (default true). */
  readonly shuffle?: boolean;
  /** Step size for this fit (default: the optimiser's). */
  readonly learningRate?: number;
  /**
   * Whether the optimiser starts anew (default), as in a train function that makes its optimiser itself, or goes on
   * with the momentum of the fit before.
   */
  readonly optimizerState?: "fresh" | "keep";
  /** What the learning rate is multiplied by in each step of this fit (default: 1 in all). */
  readonly schedule?: Schedule;
  /** FedProx: pulls the parameters to where they were; a number is the strength (default 0). */
  readonly proximal?: number | Proximal;
  /** Evaluated after each epoch. */
  readonly validation?: NamedDataset;
  /**
   * Ends the fit when the validation data show no improvement any more. The parameters become those of the best epoch,
   * also when the fit went through all.
   */
  readonly earlyStop?: EarlyStop;
  /** Ends the fit at once; a step under way goes on for itself. The parameters stay as they were before the fit. */
  readonly signal?: AbortSignal;
  /** Told about every 0.03 s how far it is; `"stop"` ends the fit early, with what was learned until then. */
  readonly onProgress?: (progress: Progress) => void | "stop";
  /** Told after each whole epoch what it came to; `"stop"` ends the fit. */
  readonly onEpoch?: (report: EpochReport) => void | "stop";
}

/** Options of a single training step. */
export interface StepOptions {
  /** Step size (default: the optimiser's). */
  readonly learningRate?: number;
  /** Decides what the network draws at random (default: another in each call). */
  readonly seed?: number;
  /** Ends the call at once; the parameters stay as they were before it. */
  readonly signal?: AbortSignal;
}

/** What a fit came to. */
export interface FitResult {
  /** Mean loss over the examples of each epoch, each taken before the step that learned from it. */
  readonly losses: readonly number[];
  /** What the validation data came to after each whole epoch; empty when there are none. */
  readonly validations: readonly Evaluation[];
  /** The epoch, from 1, whose parameters an early stop has chosen; undefined without one. */
  readonly bestEpoch?: number;
  /** Steps done in all epochs. */
  readonly steps: number;
  /** Examples seen in all epochs. */
  readonly examples: number;
  /** How long it took, in seconds, validation included. */
  readonly seconds: number;
}

/** Result of an evaluation. */
export interface Evaluation {
  /** Mean loss over the examples, by weight. */
  readonly loss: number;
  /** Sum of the losses of all examples, times their weights. */
  readonly lossSum: number;
  /** Share of the examples that the network gets right, by weight, 0 to 1; NaN when the loss has no notion of it. */
  readonly accuracy: number;
  /** How many examples there were. */
  readonly examples: number;
}
