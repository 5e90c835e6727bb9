import assert from "node:assert/strict";
import { ArrayRecord, ConfigRecord, MetricRecord, RecordDict, tensor } from "../mod.ts";
import type { AnyRecord } from "../app/record_dict.ts";
import { recordDictToPlain } from "../app/transferable.ts";
import { nodesFromRecords, type NodeState, nodesToRecords } from "./node_states.ts";

const plain = (nodes: ReadonlyMap<number, NodeState>) =>
  [...nodes].map(([partition, { state, messages }]) => [
    partition,
    messages,
    state && recordDictToPlain(state),
  ]);

function stateOf(bytes: number): RecordDict {
  return new RecordDict({
    arrays: ArrayRecord.fromTensors({ w: tensor("uint8", [bytes], new Uint8Array(bytes)) }),
    "a/b\n0/": new MetricRecord({ loss: 0.5, count: 3n }),
    "": new ConfigRecord({ text: "x", flag: true }),
  });
}

const NODES: ReadonlyMap<number, NodeState> = new Map([
  [7, { state: stateOf(5), messages: 3 }],
  [0, { state: undefined, messages: 2 ** 32 - 1 }],
  [9_999_999, { state: stateOf(0), messages: 1 }],
]);

Deno.test("the states of simulated nodes are read back from their records", () => {
  assert.deepEqual(plain(nodesFromRecords(nodesToRecords(NODES)!)), plain(NODES));
  assert.equal(nodesFromRecords(nodesToRecords(new Map())!).size, 0);
  assert.equal(nodesFromRecords(new RecordDict()).size, 0);
});

Deno.test("states of simulated nodes that are too large in all are not saved", () => {
  const nodes = (count: number, bytes?: number) =>
    new Map(Array.from({ length: count }, (_, partition) => {
      return [partition, { state: bytes === undefined ? bytes : stateOf(bytes), messages: 1 }];
    }));
  assert.equal(nodesToRecords(nodes(2, 600), 1000), undefined);
  assert.ok(nodesToRecords(nodes(1, 600), 1000) !== undefined);
  // A node without a state needs eight bytes.
  assert.ok(nodesToRecords(nodes(125), 1000) !== undefined);
  assert.equal(nodesToRecords(nodes(126), 1000), undefined);
});

Deno.test("malformed records of simulated nodes are refused", () => {
  const table = (bytes: number) => new ConfigRecord({ nodes: new Uint8Array(bytes) });
  const metrics = new MetricRecord({ a: 1 });
  const malformed: Record<string, AnyRecord>[] = [
    { other: metrics },
    { nodes: metrics },
    { nodes: new ConfigRecord({ nodes: "x" }) },
    { nodes: table(9) },
    { nodes: table(8), "state/1/a": metrics },
    { nodes: table(8), "state/x/a": metrics },
    { nodes: table(8), other: metrics },
  ];
  for (const records of malformed) {
    assert.throws(() => nodesFromRecords(new RecordDict(records)), { code: "data-loss" });
  }
});
