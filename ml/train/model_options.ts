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
import type { Clipping } from "./step_gradients.ts";

/** Options of a model. */
export interface ModelOptions {
  /** The network: a layer, most often `sequential(…)`, or a `network(…)` of several inputs or outputs. */
  readonly network: Layer | Network;
  /** What one example looks like, and how it is normalised: of the one input, or of each by name. */
  readonly input: OneOrNamed<InputSpec>;
  /** What is made small: of the one output, or of each by name, added up. */
  readonly loss: OneOrNamed<Loss>;
  /** How the parameters follow their gradients. */
  readonly optimizer: Optimizer;
  /** Limits for the gradients (default: none). */
  readonly clipping?: Clipping;
  /**
   * Type that parameters are kept in between calls, in `getParameters` and `setParameters` (default float32). With float16
   * they take half the room in messages. Everything is computed in float32 all the same: a fit rounds once, at its end,
   * so that steps too small for float16 are not lost on the way; those of `trainStep` are rounded one by one.
   */
  readonly parameterType?: StoredType;
  /** Examples per training step (default 32). The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Decides the first parameters (default 0, the same on all nodes). What a fit draws has a seed of its own. */
  readonly seed?: number;
  /**
   * Threads that compute. Default: as `--threads` of `flwr supernode` says, or else this trainer's part of the machine's
   * cores, found anew at every call, as other trainers of this user come and go.
   */
  readonly threads?: number;
  /**
   * What computes (default: as `--device` of `flwr supernode` says, or else "cpu"). There is no falling back: a device that
   * cannot be used is an error of the first call. Single operators that it lacks run on the CPU.
   */
  readonly device?: Device;
  /**
   * Whether the model must be one that `export` can write (default false). If it is not, the constructor
   * throws "unimplemented": you learn that before the training, not after it.
   */
  readonly exportable?: boolean;
  /** Graph optimisations (default: all); `PLAIN` to compare with. */
  readonly optimizations?: Optimizations;
  /** Where time comes from (default: the machine). */
  readonly clock?: Clock;
  /** Where fits without a seed take theirs from (default: the machine). */
  readonly random?: Random;
  /** What the model computes with (default: what the app that makes it has in its context; outside of apps this machine). */
  readonly compute?: Compute;
  /** What computes (default: as `compute` starts it). */
  readonly createEngine?: (compute: EngineCompute) => Promise<Engine>;
}
