import assert from "node:assert/strict";
import { shareCounts } from "./share_counts.ts";

Deno.test("share counts: parts, whole numbers, even numbers and few nodes", () => {
  const rows = [
    // numShares, threshold, nodes → shares, threshold
    [1, 2 / 3, 3, 3, 2],
    [1, 2 / 3, 10, 10, 7],
    [1, 0.6, 5, 5, 3],
    [1, 1, 4, 4, 4],
    [0.5, 0.75, 10, 5, 4], // 3.75
    [0.6, 2 / 3, 10, 7, 5], // 6 is even
    [0.1, 0.9, 10, 10, 9], // 1 is too few
    [0.7, 0.51, 10, 7, 4], // 3.57
    [1, 0.51, 10, 10, 6], // 5.1 rounds to half of the shares
    [3, 2, 5, 3, 2],
    [4, 3, 10, 5, 3], // even
    [4, 3, 4, 4, 3], // all nodes
    [50, 0.6, 5, 5, 3], // more than nodes
  ] as const;
  for (const [numShares, reconstructionThreshold, nodes, shareNum, threshold] of rows) {
    const options = { numShares, reconstructionThreshold };
    const message = `${numShares} ${reconstructionThreshold} ${nodes}`;
    assert.deepEqual(shareCounts(options, nodes), { shareNum, threshold }, message);
  }
});

Deno.test("share counts: a threshold of half of the shares, or above them, is refused", () => {
  const refused = { code: "failed-precondition" };
  const counts = (reconstructionThreshold: number, nodes: number) =>
    shareCounts({ numShares: 1, reconstructionThreshold }, nodes);
  assert.throws(() => counts(5, 10), refused);
  assert.throws(() => counts(11, 10), refused);
  assert.equal(counts(6, 10).threshold, 6);
});
