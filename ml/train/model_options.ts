import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Optimizations } from "../lower/passes.ts";
import type { Layer } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Network } from "../nn/network.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import type { Compute } from "../engine/compute.ts";
import type { Device } from "../engine/device.ts";
import type { Engine, EngineCompute } from "../engine/engine.ts";
import type { InputSpec } from "./input_spec.ts";
import type { OneOrNamed } from "./parts.ts";
import type { StoredType } from "./stored_type.ts";
import type { Clipping } from "../step/step_gradients.ts";

/** Options of a model. */
export interface ModelOptions {
  /** The network: a layer, usually `sequential(…)`, or a `network(…)` of several inputs or outputs. */
  readonly network: Layer | Network;
  /** Form and normalisation of one example: of the only input, or of each input by name. */
  readonly input: OneOrNamed<InputSpec>;
  /** The loss to minimise: of the only output, or of each output by name, to be added. */
  readonly loss: OneOrNamed<Loss>;
  /** The rule that updates the parameters from their gradients. */
  readonly optimizer: Optimizer;
  /** Limits of the gradients (default: none). */
  readonly clipping?: Clipping;
  /**
   * Dtype of the parameters between calls, in `getParameters` and `setParameters` (default float32). With float16,
   * parameters take half the space in messages. All computation is in float32: a fit rounds once, at its end, so steps
   * that are too small for float16 are not lost in between; `trainStep` rounds after each step.
   */
  readonly parameterType?: StoredType;
  /** Number of examples per training step (default 32). The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Seed of the initial parameters (default 0, the same on all nodes). Fits have their own seed. */
  readonly seed?: number;
  /**
   * Number of threads, at least 1. Default: `--threads` of `flwr supernode`, or else this trainer's share of the
   * machine's cores, determined at each call because other trainers of this user start and end.
   */
  readonly threads?: number;
  /**
   * Device that computes. Default: `--device` of `flwr supernode`, or else "cpu". A device that cannot be used causes
   * an error at the first call: no other device is used instead. Single operators that the device does not have run on
   * the CPU.
   */
  readonly device?: Device;
  /**
   * Whether the model must be exportable with `export` (default false). If it is not, the constructor throws
   * "unimplemented", so you learn it before training.
   */
  readonly exportable?: boolean;
  /** Graph optimisations (default: all); use `PLAIN` to compare with. */
  readonly optimizations?: Optimizations;
  /** Source of the time (default: the machine's clock). */
  readonly clock?: Clock;
  /** Source of seeds for fits without one (default: the machine's generator). */
  readonly random?: Random;
  /**
   * Compute resources (default: those in the context of the app that creates the model; outside of apps, this
   * machine's).
   */
  readonly compute?: Compute;
  /** Starts the engine (default: `compute` starts it). */
  readonly createEngine?: (compute: EngineCompute) => Promise<Engine>;
}
