import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor } from "../../tensor/tensor.ts";
import { registerTrainer, trainerThreads } from "../cores/trainer_slot.ts";
import { input } from "../graph/value.ts";
import { type Optimizations, OPTIMIZED } from "../lower/passes.ts";
import type { Layer } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import { type Optimizer, requireLearningRate, requireRange } from "../nn/optimizer.ts";
import type { Network } from "../nn/network.ts";
import type { Variable } from "../nn/trace.ts";
import type { Engine } from "../session/engine.ts";
import { connect } from "./connect.ts";
import {
  checkDataset,
  checkInputs,
  type DatasetParts,
  exampleCount,
  type NamedDataset,
  tensorParts,
} from "./dataset.ts";
import { evaluateModel } from "./evaluate.ts";
import { Executor } from "./executor.ts";
import { exportModel } from "./export.ts";
import { fitModel, type OptimizerMemory } from "./fit.ts";
import type { Evaluation, FitOptions, FitResult } from "./fit_options.ts";
import { type InputSpec, inputType, prepareInput } from "./input_spec.ts";
import { initialParameters, matchParameters } from "./parameters.ts";
import { namesOf, type OneOrNamed, ONLY, sameParts, toParts } from "./parts.ts";
import { predictModel } from "./predict.ts";
import type { Recipe } from "./programs.ts";
import type { Clipping } from "./step_gradients.ts";

/** What a model is made of. */
export interface ModelOptions {
  /** The network: a layer, most often `sequential(…)`, or a `network(…)` of several inputs or outputs. */
  readonly network: Layer | Network;
  /** What one example looks like, and how it is normalised: of the one input, or of each by name. */
  readonly input: OneOrNamed<InputSpec>;
  /** What is made small: of the one output, or of each by name, added up. */
  readonly loss: OneOrNamed<Loss>;
  readonly optimizer: Optimizer;
  /** Limits for the gradients (default: none). */
  readonly clipping?: Clipping;
  /** Examples per training step (default 32). The last batch of an epoch may be smaller. */
  readonly batchSize?: number;
  /** Decides the first parameters and the order of the examples (default 0). */
  readonly seed?: number;
  /**
   * Threads that compute. Default: this trainer's part of the machine's cores, found anew at every call, as other
   * trainers of this user come and go.
   */
  readonly threads?: number;
  /** Graph optimisations (default: all); `PLAIN` to compare with. */
  readonly optimizations?: Optimizations;
  /** Where time comes from (default: the machine). */
  readonly clock?: Clock;
  /** What computes (default: a thread of its own). */
  readonly createEngine?: () => Promise<Engine>;
}

/**
 * A network with its parameters, trained and evaluated inside ONNX Runtime.
 *
 * Work happens in a thread of its own, so that the caller's event loop goes on. Calls are made one after the other.
 * Dispose of it with `await using` to free the thread and its memory; an idle one does not keep the process alive.
 *
 * @example
 * ```ts
 * await using model = new Model({
 *   network: sequential(conv2d({ out: 6, kernel: 5 }), relu(), maxPool2d(2), flatten(), dense({ out: 10 })),
 *   input: { shape: [3, 32, 32], normalize: { mean: 0.5, deviation: 0.5 } },
 *   loss: crossEntropy(),
 *   optimizer: sgd({ learningRate: 0.001, momentum: 0.9 }),
 * });
 * await model.fit({ x: images, y: labels }, { epochs: 1 });
 * const { loss, accuracy } = await model.evaluate({ x: testImages, y: testLabels });
 * ```
 */
export class Model implements AsyncDisposable {
  readonly #recipe: Recipe;
  readonly #variables: readonly Variable[];
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #threads: number | undefined;
  readonly #clock: Clock;
  readonly #executor: Executor;
  #parameters: ReadonlyMap<string, Tensor>;
  /** Whether the engine's memory holds other parameters than these. */
  #stale = true;
  /** The optimiser's past, while its slots are in the engine's memory. */
  #memory?: OptimizerMemory;
  #busy = false;

  /** @throws FlwrError "invalid-argument" when shapes do not fit (names the layer) or a number is out of range */
  constructor(options: ModelOptions) {
    const { network, optimizer, clipping } = options;
    const inputs = toParts<InputSpec>(options.input, isInputSpec);
    const losses = toParts<Loss>(options.loss, isLoss);
    this.#recipe = { network, inputs, losses, optimizer, clipping };
    this.#batchSize = requireCount("batchSize", options.batchSize ?? 32);
    this.#seed = options.seed ?? 0;
    this.#threads = options.threads;
    this.#clock = options.clock ?? systemClock;
    this.#variables = variablesOf(this.#recipe);
    this.#parameters = initialParameters(this.#variables, this.#seed);
    this.#executor = new Executor(
      trainerThreads({ override: options.threads }),
      options.optimizations ?? OPTIMIZED,
      options.createEngine,
    );
  }

  /**
   * The parameters, and states such as running means, by name in the network's order: names and layouts as in
   * PyTorch's state_dict. The arrays are not copied: do not change them.
   */
  getParameters(): ReadonlyMap<string, Tensor> {
    return this.#parameters;
  }

  /**
   * Sets all parameters: by name, or as a list in the order of {@link getParameters}. The arrays are not copied.
   *
   * @throws FlwrError "invalid-argument" when one is missing, unknown, or has another shape or dtype
   */
  setParameters(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[]): void {
    this.#parameters = matchParameters(this.#variables, parameters);
    this.#stale = true;
  }

  /**
   * Trains. When it fails or is cancelled, the parameters stay as they were before.
   *
   * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "failed-precondition" when the loss
   *   is no number any more (names step and learning rate)
   */
  async fit(dataset: NamedDataset, options: FitOptions = {}): Promise<FitResult> {
    requireCount("epochs", options.epochs ?? 1);
    if (options.learningRate !== undefined) requireLearningRate(options.learningRate);
    this.#checkProximal(options.proximal);
    const parts = this.#checked(dataset);
    return await this.#exclusively(async () => {
      await this.#upload();
      this.#stale = true;
      const memory = this.#memory;
      this.#memory = undefined;
      const { result, parameters, memory: reached } = await fitModel({
        executor: this.#executor,
        recipe: this.#recipe,
        variables: this.#variables,
        parameters: this.#parameters,
        memory: options.optimizerState === "keep" ? memory : undefined,
        batchSize: Math.min(this.#batchSize, exampleCount(parts.x)),
        seed: options.seed ?? this.#seed,
        clock: this.#clock,
        dataset: parts,
        options,
      });
      this.#parameters = parameters;
      this.#memory = reached;
      this.#stale = false;
      return result;
    });
  }

  /**
   * Mean loss and accuracy over a data set.
   *
   * @throws FlwrError "invalid-argument" when the data do not fit, or "cancelled"
   */
  async evaluate(
    dataset: NamedDataset,
    options: { signal?: AbortSignal } = {},
  ): Promise<Evaluation> {
    const parts = this.#checked(dataset);
    return await this.#exclusively(async () => {
      await this.#upload();
      return await evaluateModel({
        executor: this.#executor,
        recipe: this.#recipe,
        dataset: parts,
        signal: options.signal,
      });
    });
  }

  /**
   * The network's output for each example.
   *
   * @param x inputs [examples, …], raw as in a data set
   * @returns outputs [examples, …]
   * @throws FlwrError "invalid-argument" when the inputs do not fit or the network has named outputs, or "cancelled"
   */
  async predict(
    x: OneOrNamed<Tensor>,
    options: { signal?: AbortSignal } = {},
  ): Promise<Tensor<"float32">> {
    if (!this.#recipe.losses.has(ONLY)) {
      throw new FlwrError(
        "invalid-argument",
        `The network has the outputs ${namesOf(this.#recipe.losses)}: got a call of "predict"`,
        { hints: ['Call "predictAll"'] },
      );
    }
    return (await this.predictAll(x, options)).get(ONLY)!;
  }

  /**
   * All outputs of the network for each example, as {@link predict}.
   *
   * @returns outputs [examples, …] by name; a single one without a name has the name ""
   */
  async predictAll(
    x: OneOrNamed<Tensor>,
    options: { signal?: AbortSignal } = {},
  ): Promise<ReadonlyMap<string, Tensor<"float32">>> {
    const parts = tensorParts(x);
    checkInputs(parts, this.#recipe.inputs);
    return await this.#exclusively(async () => {
      await this.#upload();
      return await predictModel({
        executor: this.#executor,
        recipe: this.#recipe,
        x: parts,
        signal: options.signal,
      });
    });
  }

  /**
   * The network with its parameters as an ONNX file for inference, which any ONNX runtime loads: input `input`, raw
   * examples [examples, …] as in a data set (normalisation is inside), output `output`.
   *
   * @throws FlwrError "unimplemented" when the network does not work with any number of examples
   */
  export(): Uint8Array<ArrayBuffer> {
    return exportModel(this.#recipe, this.#parameters);
  }

  /** Ends the thread and frees its memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executor[Symbol.asyncDispose]();
    this.#stale = true;
    this.#memory = undefined;
  }

  #checkProximal(proximal: FitOptions["proximal"] = 0): void {
    const { strength, to } = typeof proximal === "number" ? { strength: proximal } : proximal;
    requireRange("strength of the proximal term", strength, 0, Infinity);
    if (to !== undefined) matchParameters(this.#variables, to);
  }

  #checked(dataset: NamedDataset): DatasetParts {
    const parts = { x: tensorParts(dataset.x), y: tensorParts(dataset.y) };
    checkDataset(parts, this.#recipe.inputs, this.#recipe.losses);
    return parts;
  }

  async #upload(): Promise<void> {
    if (!this.#stale) return;
    await this.#executor.write([...this.#parameters]);
    this.#stale = false;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy) {
      throw new FlwrError("failed-precondition", "The model is busy: wait for the call before");
    }
    this.#busy = true;
    using trainer = registerTrainer({ override: this.#threads });
    try {
      await this.#executor.useThreads(trainer.threads());
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

function isInputSpec(value: OneOrNamed<InputSpec>): value is InputSpec {
  return Array.isArray(value.shape);
}

function isLoss(value: OneOrNamed<Loss>): value is Loss {
  return typeof value.perExample === "function";
}

function variablesOf({ network, inputs, losses }: Recipe): readonly Variable[] {
  const x = new Map([...inputs].map(([name, spec]) => {
    const rows = input(name, inputType(spec), [1, elementCount(spec.shape)]);
    return [name, prepareInput(rows, spec)];
  }));
  const { output, variables } = connect(network, x, input("key", "uint32", []));
  if (!sameParts(output, losses)) {
    throw new FlwrError(
      "invalid-argument",
      `Losses and outputs must have the same names: got ${namesOf(losses)} and ${namesOf(output)}`,
    );
  }
  return variables;
}

function requireCount(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new FlwrError("invalid-argument", `"${name}" must be a positive integer: got ${value}`);
  }
  return value;
}
