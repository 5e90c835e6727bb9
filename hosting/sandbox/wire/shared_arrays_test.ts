import assert from "node:assert/strict";
import type { PlainRecordDict } from "../../../app/transferable.ts";
import { SharedArrays, unshared } from "./shared_arrays.ts";

const BYTES = 8192;

function records(...arrays: Uint8Array[]): PlainRecordDict {
  const items = arrays.map((data, i) =>
    [`w${i}`, { dtype: "uint8", shape: [data.length], stype: "numpy.ndarray", data }] as const
  );
  return [["arrays", { kind: "arrays", items }], ["config", { kind: "config", items: [] }]];
}

function arraysOf(dict: PlainRecordDict): Uint8Array[] {
  return dict.flatMap(([, record]) =>
    record.kind === "arrays" ? record.items.map(([, { data }]) => data) : []
  );
}

Deno.test("an array that is sent again is in shared memory, once for all messages", () => {
  const shared = new SharedArrays();
  const data = Uint8Array.from({ length: BYTES }, (_, i) => i);
  const sent = records(data);
  assert.equal(arraysOf(shared.share(sent))[0], data);
  const [again] = arraysOf(shared.share(sent));
  assert(again!.buffer instanceof SharedArrayBuffer);
  assert.deepEqual([...again!], [...data]);
  assert.equal(arraysOf(shared.share(records(data)))[0], again);
});

Deno.test("small arrays, and arrays of one node alone, are sent as they are", () => {
  const shared = new SharedArrays();
  const small = new Uint8Array(16);
  for (let i = 0; i < 3; i++) assert.equal(arraysOf(shared.share(records(small)))[0], small);
  for (let i = 0; i < 3; i++) {
    const own = new Uint8Array(BYTES).fill(i);
    assert.equal(arraysOf(shared.share(records(own)))[0], own);
  }
});

Deno.test("a node gets a copy, so what it changes stays with it", () => {
  const shared = new SharedArrays();
  const sent = records(new Uint8Array(BYTES).fill(1));
  shared.share(sent);
  const message = shared.share(sent);
  const [first] = arraysOf(unshared(message));
  first!.fill(9);
  assert.deepEqual([...arraysOf(unshared(message))[0]!], [...new Uint8Array(BYTES).fill(1)]);
});
