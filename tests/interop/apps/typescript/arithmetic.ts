/**
 * The model of the interoperation tests: numbers that come out the same, bit for bit, in numpy and TypeScript.
 *
 * The twin of apps/python/arithmetic.py, line by line. All operations are single IEEE 754 ones in a fixed order.
 */
import { ArrayRecord, type Tensor, tensor } from "flwr";

/** Several ranks, an empty array, a scalar and every kind of number that FedAvg treats in its own way. */
const LAYERS: readonly (readonly [Tensor["dtype"], readonly number[]])[] = [
  ["float32", [3, 4]],
  ["float32", [5]],
  ["float32", []],
  ["float32", [0, 3]],
  ["float64", [2, 2]],
  ["int64", [3]],
];

/** More than the 4 MiB that gRPC accepts in a message unless it is told otherwise. */
const LARGE_LAYER = ["float32", [1_500_000]] as const;

/** The same start for everybody: multiples of 1/64, exact in every type (integers in int64). */
export function initial(large = false): ArrayRecord {
  const tensors = [...LAYERS, ...large ? [LARGE_LAYER] : []].map(([dtype, shape], index) => {
    const count = shape.reduce((product, axis) => product * axis, 1);
    const numbers = Array.from({ length: count }, (_, i) => (i * 37 + index * 11) % 101);
    if (dtype === "int64") return tensor(dtype, shape, BigInt64Array.from(numbers.map(BigInt)));
    const fractions = numbers.map((n) => n / 64 - 0.75);
    return dtype === "float32"
      ? tensor(dtype, shape, Float32Array.from(fractions))
      : tensor("float64", shape, Float64Array.from(fractions));
  });
  return ArrayRecord.fromTensors(tensors.map((tensor, index) => [String(index), tensor] as const));
}

/** One local training: every element times a scale plus a shift, in the element's own type. */
export function train(
  arrays: ArrayRecord,
  round: number,
  scale: number,
  partition: number,
): ArrayRecord {
  const shift = 0.1 * (partition + 1) * round;
  const trained = [...arrays.tensors()].map(([name, array]) =>
    [name, trainedTensor(array, round, scale, shift, partition)] as const
  );
  return ArrayRecord.fromTensors(trained);
}

function trainedTensor(
  { dtype, shape, data }: Tensor,
  round: number,
  scale: number,
  shift: number,
  partition: number,
): Tensor {
  if (data instanceof Float32Array) {
    const [scale32, shift32] = [Math.fround(scale), Math.fround(shift)];
    return tensor("float32", shape, data.map((x) => Math.fround(x * scale32) + shift32));
  }
  if (data instanceof Float64Array) {
    return tensor(
      "float64",
      shape,
      data.map((x) => x * scale + shift),
    );
  }
  if (data instanceof BigInt64Array) {
    const added = BigInt(round * (partition + 1));
    return tensor("int64", shape, data.map((x) => x * 3n + added));
  }
  throw new TypeError(`Unexpected dtype ${dtype}`);
}

/** The mean of all elements, added one after the other in double precision. */
export function mean(arrays: ArrayRecord): number {
  let [total, count] = [0, 0];
  for (const { data } of arrays.tensors().values()) {
    for (const element of data) {
      total += Number(element);
      count++;
    }
  }
  return total / count;
}

/** How much a node's training counts: 0.3 and 0.7 of two nodes, neither exact in binary. */
export function trainExamples(partition: number): number {
  return 30 + 40 * partition;
}

export function evaluateExamples(partition: number): number {
  return 3 + 4 * partition;
}

/** An array as JSON can hold it without losing a bit. */
export interface ShownArray {
  dtype: string;
  shape: readonly number[];
  bytes: string;
}

/** Arrays as JSON can hold them without losing a bit. */
export function shown(arrays: ArrayRecord): ShownArray[] {
  return [...arrays.tensors().values()].map(({ dtype, shape, data }) => ({
    dtype,
    shape,
    bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toHex(),
  }));
}
