import assert from "node:assert/strict";
import { MAX_SEEN, Nodes119 } from "./flwr_1_19.ts";

/** The id of the object that only a node of 1.19 requests. */
const witness = new Nodes119(() => {}).probeTree("0a".repeat(32)).children[0]!.objectId;

Deno.test("a node of 1.19 is refused when it confirms its message, once, and no other", () => {
  const refused: bigint[] = [];
  const nodes = new Nodes119((nodeId) => refused.push(nodeId));
  assert.equal(nodes.recordsProbe(1n, witness), true);
  assert.equal(nodes.recordsProbe(2n, "0b".repeat(32)), false);
  nodes.checkConfirmation(2n);
  assert.throws(() => nodes.checkConfirmation(1n), { code: "failed-precondition" });
  nodes.checkConfirmation(1n);
  assert.deepEqual(refused, [1n]);
});

Deno.test("nodes of 1.19 that never confirm are forgotten, oldest first", () => {
  const nodes = new Nodes119(() => {});
  for (let nodeId = 0n; nodeId < MAX_SEEN; nodeId++) nodes.recordsProbe(nodeId, witness);
  nodes.recordsProbe(0n, witness); // again, so it is now the youngest
  nodes.recordsProbe(BigInt(MAX_SEEN), witness);
  nodes.checkConfirmation(1n); // forgotten, so it is not refused
  for (const nodeId of [0n, 2n, BigInt(MAX_SEEN)]) {
    assert.throws(() => nodes.checkConfirmation(nodeId), { code: "failed-precondition" });
  }
});
