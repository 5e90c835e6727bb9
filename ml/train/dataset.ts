import { FlwrError } from "../../base/error.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import { firstOutside } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import { checkAugmentedTarget } from "./augment.ts";
import { type InputSpec, inputType } from "./input_spec.ts";
import { namesOf, type OneOrNamed, type Parts, sameParts, toParts } from "./parts.ts";

/** Examples for a network with several inputs or outputs: row i of each array belongs to example i. */
export interface NamedDataset {
  /** Inputs [examples, …], by the names in the model's `input`. */
  readonly x: OneOrNamed<Tensor>;
  /** Targets [examples, …], by the names in the model's `loss`. */
  readonly y: OneOrNamed<Tensor>;
  /** Weight of each example, float32 [examples], as in {@link Dataset}. */
  readonly weights?: Tensor;
}

/** A data set with its arrays by name. */
export interface DatasetParts {
  readonly x: Parts<Tensor>;
  readonly y: Parts<Tensor>;
  readonly weights?: Tensor;
}

/** The targets that a loss can learn from. */
export interface TargetRule {
  /** The kind of loss, for messages. */
  readonly kind: string;
  /** Number of classes of the loss; undefined if it has no classes. */
  readonly classes?: number;
  /** The smallest and the largest allowed target; undefined if targets may be any numbers. */
  readonly range?: readonly [number, number];
}

/** Number of examples of a data set. */
export function datasetSize({ x }: Dataset): number {
  return x.shape[0] ?? 0;
}

/** Number of examples of arrays with the same number of rows. */
export function exampleCount(parts: Parts<Tensor>): number {
  const [first] = parts.values();
  return first?.shape[0] ?? 0;
}

function isTensor(value: OneOrNamed<Tensor>): value is Tensor {
  return typeof value.dtype === "string";
}

/** Arrays by name, from one array or several. */
export function tensorParts(value: OneOrNamed<Tensor>): Parts<Tensor> {
  return toParts<Tensor>(value, isTensor);
}

/** A data set's arrays by name. */
export function datasetParts({ x, y, weights }: NamedDataset): DatasetParts {
  return { x: tensorParts(x), y: tensorParts(y), weights };
}

function label(what: string, name: string): string {
  return name === "" ? what : `${what} "${name}"`;
}

function checkInput(name: string, x: Tensor, spec: InputSpec): void {
  const got = `${x.dtype} ${showShape(x.shape)}`;
  const dtype = inputType(spec);
  if (x.dtype !== dtype || !sameShape(x.shape.slice(1), spec.shape)) {
    throw new FlwrError(
      "invalid-argument",
      `The model is for ${label("inputs", name)} ${dtype} ` +
        `${showShape(["examples", ...spec.shape])}: got ${got}`,
    );
  }
  if (x.shape[0] === 0) {
    throw new FlwrError("invalid-argument", `The data set has no examples: got ${got}`);
  }
}

function requireParts(what: string, got: Parts<unknown>, wanted: Parts<unknown>): void {
  if (sameParts(got, wanted)) return;
  throw new FlwrError(
    "invalid-argument",
    `The model is for these ${what}: ${namesOf(wanted)}: got ${namesOf(got)}`,
  );
}

function requirePairs(arrays: readonly Tensor[]): void {
  if (arrays.every(({ shape }) => shape[0] === arrays[0]!.shape[0])) return;
  throw new FlwrError(
    "invalid-argument",
    `Inputs and targets must have the same number of examples: got ${
      arrays.map(({ shape }) => showShape(shape)).join(" and ")
    }`,
  );
}

/**
 * Checks inputs against the model's input specifications.
 *
 * @throws FlwrError "invalid-argument" when there are no examples, inputs have different numbers of examples, or
 * examples have another shape or dtype
 */
export function checkInputs(x: Parts<Tensor>, specs: Parts<InputSpec>): void {
  requireParts("inputs", x, specs);
  for (const [name, spec] of specs) checkInput(name, x.get(name)!, spec);
  requirePairs([...x.values()]);
}

function checkWeights({ dtype, shape, data }: Tensor, examples: number): void {
  if (dtype !== "float32" || !sameShape(shape, [examples])) {
    throw new FlwrError(
      "invalid-argument",
      `Weights must be float32 ${showShape([examples])}, one for each example: ` +
        `got ${dtype} ${showShape(shape)}`,
    );
  }
  const weights = data as Float32Array;
  const wrong = firstOutside(weights, 0, Number.MAX_VALUE);
  if (wrong !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `Weights must be numbers that are not negative: got ${weights[wrong]} for example ${wrong}`,
    );
  }
  if (weights.every((weight) => weight === 0)) {
    throw new FlwrError(
      "invalid-argument",
      "At least one weight must be greater than 0: all are 0",
    );
  }
}

/** A label that is not one of the classes would match none of them, and its loss would be 0. */
function checkLabels(name: string, y: Tensor, classes: number): void {
  const { dtype, data } = y;
  if (dtype.startsWith("float")) return;
  const wrong = firstOutside(data, 0, classes - 1);
  if (wrong === undefined) return;
  throw new FlwrError(
    "invalid-argument",
    `The model has ${classes} classes: ${label("targets", name)} must be from 0 to ` +
      `${classes - 1}: ${shownTarget(y, wrong)}`,
  );
}

/** Outside of its range, a loss can decrease without end and still be finite. */
function checkRange(name: string, y: Tensor, kind: string, range: readonly [number, number]): void {
  const wrong = firstOutside(y.data, ...range);
  if (wrong === undefined) return;
  const [least, greatest] = range;
  throw new FlwrError(
    "invalid-argument",
    `Loss "${kind}": ${label("targets", name)} must be from ${least} to ${greatest}: ` +
      shownTarget(y, wrong),
    { hints: [rangeHint(Number(y.data[wrong]), greatest)] },
  );
}

/** A target and its example, for an error message. */
function shownTarget({ data, shape }: Tensor, at: number): string {
  const perExample = data.length / shape[0]!;
  return `got ${Number(data[at])} for example ${Math.floor(at / perExample)}`;
}

/** A hint for targets outside of a loss's range. */
function rangeHint(value: number, greatest: number): string {
  if (Number.isNaN(value)) return "Leave out the examples whose target is missing";
  // 8-bit masks have the values 0 and 255.
  if (value === 255 && greatest === 1) return "Divide them by 255, as float32 numbers";
  return "Scale them to that range, or use crossEntropy() if they are labels of classes";
}

/**
 * Checks inputs like {@link checkInputs}, and the targets of all losses and the weights if there are any.
 *
 * @param rules what the losses can learn from, by name of the output
 */
export function checkDataset(
  { x, y, weights }: DatasetParts,
  specs: Parts<InputSpec>,
  rules: Parts<TargetRule>,
): void {
  checkInputs(x, specs);
  requireParts("targets", y, rules);
  requirePairs([...x.values(), ...y.values()]);
  for (const [name, { kind, classes, range }] of rules) {
    if (classes !== undefined) checkLabels(name, y.get(name)!, classes);
    if (range !== undefined) checkRange(name, y.get(name)!, kind, range);
  }
  if (weights !== undefined) checkWeights(weights, exampleCount(x));
}

/**
 * Checks that training can augment the inputs without making the targets wrong.
 *
 * @throws FlwrError "invalid-argument" as in {@link checkAugmentedTarget}
 */
export function checkAugmentedTargets({ y }: DatasetParts, specs: Parts<InputSpec>): void {
  for (const { augment, shape } of specs.values()) {
    if (augment === undefined) continue;
    for (const [name, target] of y) {
      checkAugmentedTarget(augment, shape, target.shape.slice(1), label("targets", name));
    }
  }
}
