import type { Tensor } from "../../tensor/tensor.ts";
import type { Schedule } from "../nn/schedule.ts";

/** How far a fit is. */
export interface Progress {
  /** The epoch under way, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in all epochs, and how many there will be. */
  readonly step: number;
  readonly steps: number;
  /** Mean loss of this epoch's examples so far. */
  readonly loss: number;
  /** Examples per second since the fit began. */
  readonly examplesPerSecond: number;
  /** Seconds that the rest will take at this speed. */
  readonly secondsLeft: number;
}

/**
 * FedProx's proximal term (Li et al., 2020): strength/2 · ‖parameters − to‖² is added to what is made small. The loss
 * that is told is without it.
 */
export interface Proximal {
  /** μ, at least 0; 0.001 to 1 is common. */
  readonly strength: number;
  /** The global parameters by name (default: the model's when the fit begins). */
  readonly to?: ReadonlyMap<string, Tensor>;
}

/** Options of a fit. */
export interface FitOptions {
  /** Times to go through the data (default 1). */
  readonly epochs?: number;
  /** Decides the order of the examples (default: the model's seed). Each epoch has an order of its own. */
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
  /** Stops the fit within about 0.1 s. The parameters stay as they were before it. */
  readonly signal?: AbortSignal;
  /** Told about every 0.03 s how far it is; `"stop"` ends the fit early, with what was learned until then. */
  readonly onProgress?: (progress: Progress) => void | "stop";
}

/** What a fit came to. */
export interface FitResult {
  /** Mean loss over the examples of each epoch, each taken before the step that learned from it. */
  readonly losses: readonly number[];
  /** Steps done and examples seen, in all epochs. */
  readonly steps: number;
  readonly examples: number;
  readonly seconds: number;
}

/** What an evaluation came to. */
export interface Evaluation {
  /** Mean loss over the examples. */
  readonly loss: number;
  /** Sum of the losses of all examples. */
  readonly lossSum: number;
  /** Share of the examples that the network gets right, 0 to 1; NaN when the loss has no notion of it. */
  readonly accuracy: number;
  readonly examples: number;
}
