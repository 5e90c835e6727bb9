import { checkLengths, invalid, type Numbers } from "./check.ts";

/**
 * The area under the ROC curve: the probability that a random positive example has a higher score than a random negative
 * one; ties count half (Mann and Whitney).
 *
 * @param scores one number per example, higher for more likely positive; not NaN
 * @param targets 1 for a positive example, 0 for a negative one
 * @returns 0 to 1; undefined if all examples are positive, or all negative
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, for a score of NaN and another target
 */
export function rocAuc(scores: Numbers, targets: Numbers): number | undefined {
  checkLengths("scores", scores, targets);
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  let positives = 0;
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]!)) throw invalid(`The score of example ${i} is NaN`);
    checkBinary(targets[i]!, i);
    positives += targets[i]!;
  }
  const negatives = scores.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  order.sort((a, b) => scores[a]! < scores[b]! ? -1 : scores[a]! > scores[b]! ? 1 : 0);
  let [below, pairs] = [0, 0];
  for (let start = 0; start < order.length;) {
    let [end, tiedPositives] = [start, 0];
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      tiedPositives += targets[order[end]!]!;
    }
    const tiedNegatives = end - start - tiedPositives;
    pairs += tiedPositives * (below + tiedNegatives / 2);
    below += tiedNegatives;
    start = end;
  }
  return pairs / (positives * negatives);
}

/** @throws FlwrError "invalid-argument" unless the target is 0 or 1 */
export function checkBinary(target: number, example: number): void {
  if (target === 0 || target === 1) return;
  throw invalid(`The target of example ${example} is ${target}, expected 0 or 1`);
}
