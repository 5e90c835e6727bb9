import assert from "node:assert/strict";
import { MAX_SEEN, Nodes119 } from "./flwr_1_19.ts";

/** The id of the object that no node but one of 1.19 asks for. */
const witness = new Nodes119(() => {}).tree("0a".repeat(32)).children[0]!.objectId;

Deno.test("a node of 1.19 is refused when it confirms its message, once, and no other", () => {
  const refused: bigint[] = [];
  const nodes = new Nodes119((nodeId) => refused.push(nodeId));
  assert.equal(nodes.asks(1n, witness), true);
  assert.equal(nodes.asks(2n, "0b".repeat(32)), false);
  nodes.confirms(2n);
  assert.throws(() => nodes.confirms(1n), { code: "failed-precondition" });
  nodes.confirms(1n);
  assert.deepEqual(refused, [1n]);
});

Deno.test("nodes of 1.19 that never confirm are forgotten, those that asked longest ago first", () => {
  const nodes = new Nodes119(() => {});
  for (let nodeId = 0n; nodeId < MAX_SEEN; nodeId++) nodes.asks(nodeId, witness);
  nodes.asks(0n, witness); // again: it is the youngest now
  nodes.asks(BigInt(MAX_SEEN), witness);
  nodes.confirms(1n); // forgotten: nothing is said
  for (const nodeId of [0n, 2n, BigInt(MAX_SEEN)]) {
    assert.throws(() => nodes.confirms(nodeId), { code: "failed-precondition" });
  }
});
