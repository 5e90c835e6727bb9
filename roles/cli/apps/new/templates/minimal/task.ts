/** The task: find the line y = slope · x + offset that fits all nodes' points, which never leave the nodes. */
import { ArrayRecord, type Context, tensor } from "flwr";

/** The line from which the synthetic points are made. */
const TRUE_SLOPE = 3;
const TRUE_OFFSET = -1;
const POINTS = 200;

/** The model: its slope and its offset. */
export type Line = Float32Array;

/** A node's points (`x[i]`, `y[i]`). */
export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** The initial model of each run. */
export function startLine(): Line {
  return new Float32Array(2);
}

/** Converts the model for a message. */
export function toArrays(line: Line): ArrayRecord {
  return ArrayRecord.fromTensors({ line: tensor("float32", [2], line) });
}

/** Reads the model from a message's arrays. */
export function fromArrays(arrays: ArrayRecord): Line {
  const [line] = arrays.tensors().values();
  if (!(line?.data instanceof Float32Array)) throw new Error("The model is not a float32 array");
  return line.data;
}

/** Loads this node's own points, which depend on `partition-id`. Put your own data here. */
export function loadPoints({ nodeConfig }: Context): Points {
  const random = randomNumbers(1 + nodeConfig.number("partition-id", 0));
  const x = Array.from({ length: POINTS }, () => 4 * random() - 2);
  const y = x.map((value) => TRUE_SLOPE * value + TRUE_OFFSET + 0.2 * (random() - 0.5));
  return { x, y };
}

/** Improves the line by gradient descent on the mean squared error. */
export function train(line: Line, { x, y }: Points, steps: number, learningRate: number): void {
  for (let step = 0; step < steps; step++) {
    const gradient = [0, 0];
    for (const [i, value] of x.entries()) {
      const error = line[0]! * value + line[1]! - y[i]!;
      gradient[0]! += 2 * error * value / x.length;
      gradient[1]! += 2 * error / x.length;
    }
    line[0]! -= learningRate * gradient[0]!;
    line[1]! -= learningRate * gradient[1]!;
  }
}

/** The mean squared error of a line. */
export function loss(line: Line, { x, y }: Points): number {
  const errors = x.map((value, i) => (line[0]! * value + line[1]! - y[i]!) ** 2);
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** Pseudo-random numbers in [0, 1) from a seed (Lehmer's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
