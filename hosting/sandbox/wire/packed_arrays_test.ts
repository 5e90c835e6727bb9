import assert from "node:assert/strict";
import {
  type PlainRecordDict,
  recordDictFromPlain,
  recordDictToPlain,
} from "../../../app/transferable.ts";
import { ArrayRecord } from "../../../app/array_record.ts";
import { MetricRecord } from "../../../app/metric_record.ts";
import { isArrayRecord, RecordDict } from "../../../app/record_dict.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { packArrays } from "./packed_arrays.ts";

/** Records with arrays whose lengths are no multiples of the alignment. */
function records(scale: number): PlainRecordDict {
  const values = (length: number) => Float32Array.from({ length }, (_, i) => i / 3);
  return recordDictToPlain(
    new RecordDict([
      ["metrics", new MetricRecord({ loss: 0.5 })],
      [
        "arrays",
        ArrayRecord.fromTensors({
          a: tensor("float32", [scale * 3], values(scale * 3)),
          b: tensor("float32", [scale], values(scale)),
          none: tensor("float32", [0], values(0)),
        }),
      ],
    ]),
  );
}

Deno.test("packed arrays arrive by transfer as they were, and the app's own stay", () => {
  const sent = records(1001);
  const before = structuredClone(sent);
  const { records: packed, buffer } = packArrays(sent);
  const arrived = structuredClone(packed, { transfer: [buffer!] });
  assert.deepEqual(arrived, before);
  assert.deepEqual(sent, before);
  assert.equal(buffer!.detached, true);
  for (const [, record] of recordDictFromPlain(arrived)) {
    if (!isArrayRecord(record)) continue;
    for (const { data } of record.values()) assert.equal(data.byteOffset % 64, 0);
    // One buffer, so no array's memory is shared with anything else.
    assert.equal(new Set(Array.from(record.values(), ({ data }) => data.buffer)).size, 1);
    record.tensors();
  }
});

Deno.test("records with small arrays only are copied with their message", () => {
  const sent = records(2);
  assert.deepEqual(packArrays(sent), { records: sent });
});
