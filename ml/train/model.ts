import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor } from "../../tensor/tensor.ts";
import { currentRandom } from "../../base/current_random.ts";
import type { Random } from "../../base/random.ts";
import { type Compute, currentCompute } from "../engine/compute.ts";
import { input } from "../graph/value.ts";
import { OPTIMIZED } from "../lower/passes.ts";
import type { Loss } from "../nn/loss.ts";
import type { Variable } from "../nn/trace.ts";
import { checkedFitOptions, requireCount, requireKnown, requireSeed } from "./check_options.ts";
import { machineCompute } from "../session/machine_compute.ts";
import { throwIfCancelled, unlessCancelled } from "./cancellation.ts";
import { connect } from "./connect.ts";
import {
  checkAugmentedTargets,
  checkDataset,
  checkInputs,
  type DatasetParts,
  datasetParts,
  exampleCount,
  type NamedDataset,
  type TargetRule,
  tensorParts,
} from "./dataset.ts";
import { evaluateModel } from "./evaluate.ts";
import { Executor } from "./executor.ts";
import { exportModel, type ExportOptions } from "./export.ts";
import { fitModel } from "./fit.ts";
import type { Evaluation, FitOptions, FitResult, StepOptions } from "./fit_options.ts";
import type { ModelOptions } from "./model_options.ts";
import { type InputSpec, inputType, prepareInput } from "./input_spec.ts";
import type { OptimizerMemory } from "./optimizer_memory.ts";
import { initialParameters, matchParameters } from "./parameters.ts";
import { namesOf, type OneOrNamed, ONLY, type Parts, sameParts, toParts } from "./parts.ts";
import { predictModel } from "./predict.ts";
import type { Recipe } from "./programs.ts";
import { computedForms, requireStoredType, storedForms, type StoredType } from "./stored_type.ts";

/**
 * A network with its parameters, trained and evaluated inside ONNX Runtime.
 *
 * Work runs in a separate thread, so your event loop is not blocked. Call one method at a time. Dispose of the model
 * with `await using` to free the thread and its memory; an idle model does not keep the process alive.
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
  /** The targets that each loss can learn from. */
  readonly #rules: Parts<TargetRule>;
  readonly #stored: StoredType;
  readonly #batchSize: number;
  readonly #threads: number | undefined;
  readonly #compute: Compute;
  readonly #clock: Clock;
  readonly #random: Random | undefined;
  readonly #executor: Executor;
  #parameters: ReadonlyMap<string, Tensor>;
  /** Whether the engine's memory has other parameters than these. */
  #stale = true;
  /** State of the optimiser, while its slots are in the engine's memory. */
  #memory?: OptimizerMemory;
  #busy = false;
  /** Resolves when the work of the previous call has ended. */
  #settled: Promise<void> = Promise.resolve();
  #disposing = new AbortController();

  /**
   * Builds the network and creates its initial parameters.
   *
   * @throws FlwrError "invalid-argument" when shapes do not fit (names the layer) or a number is out of range,
   * "unimplemented" when the model must be exportable and is not
   */
  constructor(options: ModelOptions) {
    const { network, optimizer, clipping } = options;
    const inputs = toParts<InputSpec>(options.input, isInputSpec);
    const losses = toParts<Loss>(options.loss, isLoss);
    this.#recipe = { network, inputs, losses, optimizer, clipping };
    this.#batchSize = requireCount("batchSize", options.batchSize ?? 32);
    this.#compute = options.compute ?? currentCompute() ?? machineCompute();
    const { threads } = options;
    this.#threads = threads === undefined ? undefined : requireCount("threads", threads);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random;
    const { variables, rules } = tracedOnce(this.#recipe);
    this.#variables = variables;
    this.#rules = rules;
    this.#stored = requireStoredType(options.parameterType ?? "float32");
    const first = initialParameters(this.#variables, requireSeed(options.seed ?? 0));
    this.#parameters = storedForms(first, this.#stored);
    if (options.exportable === true) this.export();
    if (options.createEngine === undefined) this.#compute.prepare?.();
    this.#executor = new Executor(
      {
        threads: threads ?? 1, // Each call sets its own number.
        device: requireKnown(options.device ?? this.#compute.device),
      },
      options.optimizations ?? OPTIMIZED,
      options.createEngine ?? this.#compute.startEngine,
    );
  }

  /**
   * The parameters, and states such as running means, by name in the network's order. Names and layouts are those of
   * PyTorch's state_dict; real numbers have the dtype of the option `parameterType`. The arrays are not copied: do not
   * change them.
   */
  getParameters(): ReadonlyMap<string, Tensor> {
    return this.#parameters;
  }

  /**
   * Sets all parameters, by name or as a list in the order of {@link getParameters}. Real numbers of another dtype,
   * such as the float64 that Python's FedAdam sends, are rounded to `parameterType`. Other arrays are not copied.
   *
   * @throws FlwrError "invalid-argument" when one is missing, unknown, has another shape or dtype, or contains a number
   * that `parameterType` cannot represent
   */
  setParameters(parameters: ReadonlyMap<string, Tensor> | readonly Tensor[]): void {
    this.#parameters = matchParameters(this.#variables, parameters, this.#stored);
    this.#stale = true;
  }

  /**
   * Trains the model. If it fails or is cancelled, the parameters stay as they were before.
   *
   * @param dataset raw inputs and targets [examples, …], in the dtypes and shapes of the model's options
   * @returns losses, validation results and duration
   * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "failed-precondition" when the loss
   * or, after the last step, a parameter became NaN or infinite (names step and learning rate)
   */
  async fit(dataset: NamedDataset, options: FitOptions = {}): Promise<FitResult> {
    const checked = checkedFitOptions(options, this.#variables, this.#stored);
    return await this.#fit(this.#checked(dataset), this.#batchSize, checked);
  }

  /**
   * Makes one training step on all given examples, with the momentum of the previous steps.
   *
   * @returns the mean loss of the examples before the step
   * @throws FlwrError as in {@link fit}
   */
  async trainStep(batch: NamedDataset, options: StepOptions = {}): Promise<number> {
    if ("privacy" in options && options.privacy !== undefined) {
      throw new FlwrError("invalid-argument", '"privacy" is an option of fit: trainStep has none', {
        hints: ["Call fit, which draws the batches itself"],
      });
    }
    const checked = checkedFitOptions(options, this.#variables, this.#stored);
    const parts = this.#checked(batch);
    const { losses } = await this.#fit(parts, exampleCount(parts.x), {
      ...checked,
      shuffle: false,
      optimizerState: "keep",
    });
    return losses[0]!;
  }

  async #fit(dataset: DatasetParts, batchSize: number, options: FitOptions): Promise<FitResult> {
    checkAugmentedTargets(dataset, this.#recipe.inputs);
    const validation = options.validation && this.#checked(options.validation);
    return await this.#exclusively(options.signal, async (signal) => {
      const memory = this.#memory;
      this.#memory = undefined;
      const { result, parameters, memory: reached } = await fitModel({
        executor: this.#executor,
        recipe: this.#recipe,
        variables: this.#variables,
        parameters: this.#parameters,
        memory: options.optimizerState === "keep" ? memory : undefined,
        batchSize: Math.min(batchSize, exampleCount(dataset.x)),
        seed: options.seed ?? options.privacy?.seedForTests ??
          Math.floor((this.#random ?? currentRandom()).uniform() * 2 ** 32),
        clock: this.#clock,
        dataset,
        validation,
        options: { ...options, signal },
        upload: async () => {
          await this.#upload();
          this.#stale = true; // The first step changes them.
        },
      });
      // The caller has already received this error.
      throwIfCancelled(signal);
      this.#parameters = storedForms(parameters, this.#stored);
      this.#memory = reached;
      // If the parameters were rounded, the engine's memory has the unrounded ones.
      this.#stale = this.#stored !== "float32";
      return result;
    });
  }

  /**
   * Computes mean loss and accuracy over a data set. Examples are evaluated in batches, unless outputs depend on which
   * examples are in the same batch: then all examples form one batch.
   *
   * @param dataset raw inputs and targets [examples, …]
   * @throws FlwrError "invalid-argument" when the data do not fit, "cancelled", or "resource-exhausted" as in `predict`
   */
  async evaluate(
    dataset: NamedDataset,
    options: { signal?: AbortSignal } = {},
  ): Promise<Evaluation> {
    const parts = this.#checked(dataset);
    return await this.#exclusively(options.signal, async (signal) => {
      await this.#upload();
      return await evaluateModel({
        executor: this.#executor,
        recipe: this.#recipe,
        dataset: parts,
        signal,
      });
    });
  }

  /**
   * Computes the network's output for each example.
   *
   * @param x inputs [examples, …], raw as in a data set
   * @returns outputs, float32 [examples, …]
   * @throws FlwrError "invalid-argument" when the inputs do not fit or the network has named outputs, "cancelled", or
   * "resource-exhausted" when outputs depend on which examples are in the same batch and there are more than 4,096
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
   * Computes all outputs of the network for each example, as {@link predict} does for one.
   *
   * @returns outputs, float32 [examples, …], by name; a single output without a name has the name ""
   */
  async predictAll(
    x: OneOrNamed<Tensor>,
    options: { signal?: AbortSignal } = {},
  ): Promise<ReadonlyMap<string, Tensor<"float32">>> {
    const parts = tensorParts(x);
    checkInputs(parts, this.#recipe.inputs);
    return await this.#exclusively(options.signal, async (signal) => {
      await this.#upload();
      return await predictModel({
        executor: this.#executor,
        recipe: this.#recipe,
        x: parts,
        signal,
      });
    });
  }

  /**
   * Writes the network with its parameters to an ONNX file for inference with any number of examples, which any ONNX
   * runtime can load. Its input `input` is raw examples [examples, …] as in a data set (normalisation is inside), its
   * output is `output`. Named inputs and outputs keep their names, and a network that was read from a file keeps the
   * file's.
   *
   * @returns the bytes of the file
   * @throws FlwrError "unimplemented" when the network does not work with any number of examples, "invalid-argument"
   * when a name is already used
   */
  export(options: ExportOptions = {}): Uint8Array<ArrayBuffer> {
    return exportModel(this.#recipe, computedForms(this.#parameters), options);
  }

  /** Cancels the current call, ends the thread and frees its memory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposing.abort();
    this.#disposing = new AbortController();
    await this.#settled;
    await this.#executor[Symbol.asyncDispose]();
    this.#stale = true;
    this.#memory = undefined;
  }

  #checked(dataset: NamedDataset): DatasetParts {
    const parts = datasetParts(dataset);
    checkDataset(parts, this.#recipe.inputs, this.#rules);
    return parts;
  }

  async #upload(): Promise<void> {
    if (!this.#stale) return;
    // Set before the upload ends: parameters that are set meanwhile must be uploaded too.
    this.#stale = false;
    try {
      await this.#executor.write([...computedForms(this.#parameters)]);
    } catch (error) {
      this.#stale = true;
      throw error;
    }
  }

  /**
   * Runs work that no other call may interleave with. When it is cancelled, the caller gets the error at once, but the
   * next call waits until the work has ended.
   */
  async #exclusively<T>(
    asked: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.#busy) {
      throw new FlwrError("failed-precondition", "The model is busy: wait for the previous call");
    }
    this.#busy = true;
    const own = this.#disposing.signal;
    const signal = asked === undefined ? own : AbortSignal.any([asked, own]);
    const running = this.#settled.then(async () => {
      using slot = this.#compute.register(this.#threads);
      throwIfCancelled(signal);
      await this.#executor.useThreads(slot.threads());
      return await work(signal);
    });
    this.#settled = running.then(() => {}, () => {});
    try {
      return await unlessCancelled(running, signal);
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

/** Facts about a network that follow from its construction. */
function tracedOnce(
  { network, inputs, losses }: Recipe,
): { variables: readonly Variable[]; rules: Parts<TargetRule> } {
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
  const rules = new Map(
    [...losses].map(([name, loss]) => {
      const classes = loss.classes?.(output.get(name)!);
      return [name, { kind: loss.kind, classes, range: loss.targetRange }];
    }),
  );
  return { variables, rules };
}
