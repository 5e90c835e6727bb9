import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import { ConfigRecordValueSchema } from "../../../proto/gen/current/recorddict_pb.ts";
import { RecordSetSchema } from "../../../proto/gen/flwr-1.9/recordset_pb.ts";
import { readVector } from "../../testing/recorded.ts";
import { canonicalBytes } from "./canonical.ts";
import { dictToRecordSet, recordSetToDict } from "./recordset.ts";

const RECORDED: { name: string; hex: string }[] = JSON.parse(readVector("recordsets.json"));

Deno.test("every RecordSet recorded from Flower 1.9 survives the conversion unchanged", () => {
  assert.ok(RECORDED.length >= 10);
  for (const { name, hex } of RECORDED) {
    const bytes = Uint8Array.fromHex(hex);
    const set = fromBinary(RecordSetSchema, bytes);
    const back = toBinary(RecordSetSchema, dictToRecordSet(recordSetToDict(set)));
    assert.deepEqual(
      canonicalBytes(RecordSetSchema, back),
      canonicalBytes(RecordSetSchema, bytes),
      name,
    );
  }
});

Deno.test("a RecordSet whose records share a name is refused, naming it", () => {
  const set = create(RecordSetSchema, {
    metrics: { x: { data: {} } },
    configs: { x: { data: {} } },
  });
  assert.throws(() => recordSetToDict(set), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, "invalid-argument");
    assert.match(error.message, /"x"/);
    return true;
  });
});

Deno.test("a record with more names than arrays is refused", () => {
  const set = create(RecordSetSchema, {
    parameters: { p: { dataKeys: ["0", "1"], dataValues: [{}] } },
  });
  assert.throws(() => recordSetToDict(set), { code: "invalid-argument" });
});

Deno.test("unsigned integers become signed ones if they fit", () => {
  const dict = recordSetToDict(create(RecordSetSchema, { configs: { c: { data: {} } } }));
  const record = dict.items[0]!.value;
  assert.equal(record.case, "configRecord");
  const config = record.value as Extract<typeof record, { case: "configRecord" }>["value"];
  const put = (value: bigint) =>
    config.items.splice(0, 1, {
      $typeName: "flwr.proto.ConfigRecord.Item",
      key: "n",
      value: create(ConfigRecordValueSchema, { value: { case: "uint64", value } }),
    });
  put(2n ** 63n - 1n);
  assert.deepEqual(dictToRecordSet(dict).configs.c!.data.n!.value, {
    case: "sint64",
    value: 2n ** 63n - 1n,
  });
  put(2n ** 63n);
  assert.throws(() => dictToRecordSet(dict), { code: "invalid-argument", message: /"n"/ });
});
