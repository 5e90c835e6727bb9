import assert from "node:assert/strict";
import fc from "fast-check";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { NdArray } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import { arrayRecords, configRecords, plain, recordDicts } from "../testing.ts";
import { fromLegacyInstruction, isLegacyInstruction, toLegacyInstruction } from "./instruction.ts";

const npy = (byte: number) =>
  new NdArray({ dtype: "", shape: [], stype: "numpy.ndarray", data: new Uint8Array([byte]) });
const arrays = new ArrayRecord({ "0": npy(1), "1": npy(2) });
const config = new ConfigRecord({ lr: 0.1, epochs: 2 });

Deno.test("Python's instructions of 1.9 get the current names", () => {
  const cases: [string, RecordDict, string[]][] = [
    ["train", new RecordDict({ "fitins.parameters": arrays, "fitins.config": config }), [
      "arrays",
      "config",
    ]],
    [
      "evaluate",
      new RecordDict({ "evaluateins.parameters": arrays, "evaluateins.config": config }),
      [
        "arrays",
        "config",
      ],
    ],
    ["get_parameters", new RecordDict({ "getparametersins.config": config }), ["config"]],
    ["get_properties", new RecordDict({ "getpropertiesins.config": config }), ["config"]],
  ];
  for (const [type, legacy, names] of cases) {
    assert.equal(isLegacyInstruction(type, legacy), true);
    const current = fromLegacyInstruction(type, legacy);
    assert.deepEqual([...current.keys()], names);
    assert.equal(current.get("config"), config);
    assert.deepEqual(plain(toLegacyInstruction(type, current)), plain(legacy));
  }
});

Deno.test("content with current names is not legacy content and is returned unchanged", () => {
  const content = new RecordDict({ arrays, config });
  assert.equal(isLegacyInstruction("train", content), false);
  assert.equal(fromLegacyInstruction("train", content), content);
});

Deno.test("content that the older API does not have is returned unchanged", () => {
  const query = new RecordDict({ config });
  assert.equal(toLegacyInstruction("query", query), query);
  assert.equal(toLegacyInstruction("train.fast", query), query);
  assert.equal(toLegacyInstruction("train", query), query); // no arrays
});

Deno.test("an instruction without config gets an empty one, which Python requires", () => {
  const legacy = toLegacyInstruction("train", new RecordDict({ arrays }));
  assert.equal(legacy.configRecord("fitins.config").size, 0);
  assert.equal(toLegacyInstruction("get_parameters", new RecordDict()).size, 1);
});

Deno.test("an empty record of arrays is sent as one array named _empty", () => {
  const legacy = toLegacyInstruction(
    "train",
    new RecordDict({ arrays: new ArrayRecord(), config }),
  );
  const [[name, array]] = [...legacy.arrayRecord("fitins.parameters")] as [[string, NdArray]];
  assert.equal(name, "_empty");
  assert.deepEqual([array.stype, array.data.length], ["numpy.ndarray", 0]);
  assert.equal(fromLegacyInstruction("train", legacy).arrayRecord("arrays").size, 0);
});

Deno.test("records with other names are sent with the instruction", () => {
  const extra = new ConfigRecord({ seed: 1 });
  const legacy = toLegacyInstruction("train", new RecordDict({ extra, arrays, config }));
  assert.deepEqual([...legacy.keys()], ["fitins.parameters", "fitins.config", "extra"]);
});

Deno.test("translating there and back is the identity for instructions", () => {
  const content = fc.tuple(arrayRecords(fc.string({ minLength: 1 })), configRecords(), recordDicts)
    .map(([arrays, config, rest]) =>
      new RecordDict([["arrays", arrays], ["config", config], ...rest])
    );
  fc.assert(fc.property(fc.constantFrom("train", "evaluate", "query"), content, (type, dict) => {
    const back = fromLegacyInstruction(type, toLegacyInstruction(type, dict));
    assert.deepEqual(plain(back), plain(dict));
  }));
});
