import assert from "node:assert/strict";
import type { NodeId } from "../../../entities/metadata.ts";
import type { Result } from "../../result.ts";
import { FedAvg } from "../../strategy/fedavg.ts";
import { SecAggPlus } from "../secaggplus.ts";
import type { Federation, Tamper } from "./federation.ts";

/** Options of a strategy that only trains, on all nodes. */
export const training = { fractionEvaluate: 0, minTrainNodes: 3 };
/** SecAgg+ around FedAvg. @param options those of SecAggPlus */
export const secure = (options = {}) =>
  new SecAggPlus(new FedAvg(training), { maxWeight: 100, ...options });

/** Largest error of a mean: a step of quantisation at the weight of one node. */
const TOLERANCE = 1e-4;

/**
 * Asserts that the result is the mean of these nodes' models.
 *
 * @param tolerance how far each element may be away (default: a step of quantisation at the weight of one node)
 */
export function assertMean(
  federation: Federation,
  { arrays }: Result,
  ids: readonly NodeId[],
  tolerance = TOLERANCE,
): void {
  const expected = federation.mean(ids);
  const tensors = arrays.tensors();
  for (const name of ["w", "b"] as const) {
    const { dtype, data } = tensors.get(name)!;
    assert.equal(dtype, "float32");
    expected[name].forEach((value, i) => {
      const away = Math.abs(Number(data[i]) - value);
      assert.ok(away < tolerance, `${name}[${i}] is ${data[i]}, expected ${value}`);
    });
  }
}

/** Nodes that do not answer from a stage on. */
export function lose(stage: string, ...ids: NodeId[]): Tamper {
  return (instruction, _reply, asked) =>
    asked === stage && ids.includes(instruction.metadata.dstNodeId)
      ? instruction.replyError(2, "lost")
      : undefined;
}
