import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Dataset } from "../../tensor/dataset.ts";
import type { Partitions } from "./partition/partitions.ts";
import { sharedArray } from "./shared_array.ts";

/**
 * The examples at the given positions, in that order, such as one node's share. The rows are copied.
 *
 * @param positions integers from 0 to below the number of examples; one may occur more than once
 * @throws FlwrError "invalid-argument" for a position outside of the data set, or when inputs, targets and weights
 * differ in their number of examples
 */
export function selectExamples<D extends Dataset>(dataset: D, positions: ArrayLike<number>): D {
  requireRows(dataset);
  const taken = { x: takeRows(dataset.x, positions), y: takeRows(dataset.y, positions) };
  const { weights } = dataset;
  if (weights === undefined) return { ...dataset, ...taken };
  return { ...dataset, ...taken, weights: takeRows(weights, positions) };
}

/**
 * One partition of a data set, such as a node's share. The rows are copied.
 *
 * @param partitions positions of each partition's examples, from a partitioner
 * @param id the partition's number, from 0
 * @throws FlwrError "invalid-argument" when there is no such partition, and as in {@link selectExamples}
 * @example
 * ```ts
 * const own = selectPartition(train, partitionIid(datasetSize(train), 10), 3);
 * ```
 */
export function selectPartition<D extends Dataset>(
  dataset: D,
  partitions: Partitions,
  id: number,
): D {
  const positions = partitions[id];
  if (positions !== undefined) return selectExamples(dataset, positions);
  throw new FlwrError(
    "invalid-argument",
    `Partition must be an integer from 0 to ${partitions.length - 1}: got ${id}`,
  );
}

/**
 * Checks that each example has a target, and a weight if there are weights. Otherwise rows after the end of the shorter
 * array would be silently dropped or have no partner.
 *
 * @throws FlwrError "invalid-argument" when the numbers of rows differ
 */
export function requireRows({ x, y, weights }: Dataset): void {
  const rows = ({ shape }: Tensor) => shape[0] ?? 0;
  const examples = rows(x);
  if (rows(y) !== examples) {
    throw new FlwrError(
      "invalid-argument",
      `Inputs and targets must have the same number of examples: ` +
        `x has ${examples}, y has ${rows(y)}`,
    );
  }
  if (weights !== undefined && rows(weights) !== examples) {
    throw new FlwrError(
      "invalid-argument",
      `Inputs and weights must have the same number of examples: ` +
        `x has ${examples}, weights has ${rows(weights)}`,
    );
  }
}

function takeRows(source: Tensor, positions: ArrayLike<number>): Tensor {
  const [rows = 0, ...rowShape] = source.shape;
  const size = elementCount(rowShape);
  const taken = sharedArray(source.dtype, positions.length * size);
  for (let i = 0; i < positions.length; i++) {
    const row = positions[i]!;
    if (!Number.isInteger(row) || row < 0 || row >= rows) {
      throw new FlwrError(
        "invalid-argument",
        `Position ${row} is outside of the data set: it has ${rows} examples`,
      );
    }
    copyRow(source.data, row * size, taken, i * size, size);
  }
  return tensor(source.dtype, [positions.length, ...rowShape], taken);
}

/** Copies elements between arrays of one type as bytes, which works for numbers and big integers alike. */
function copyRow(
  source: Tensor["data"],
  from: number,
  target: Tensor["data"],
  to: number,
  length: number,
): void {
  const size = source.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(source.buffer, source.byteOffset + from * size, length * size);
  new Uint8Array(target.buffer, target.byteOffset + to * size, length * size).set(bytes);
}
