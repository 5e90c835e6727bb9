import assert from "node:assert/strict";
import fc from "fast-check";
import type { TensorProto } from "./messages.ts";
import { ATTRIBUTE, GRAPH, MODEL, NODE, TENSOR, VALUE_INFO } from "./types.ts";
import { anyCharacter } from "../../../base/testing/texts.ts";

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));

Deno.test("a message has the format of protocol buffers, with fields in the order of their numbers", () => {
  const tensor = TENSOR.create({ name: "w", dims: [2n, -1n], dataType: 1, floatData: [1, -0] });
  assert.deepEqual(
    TENSOR.encode(tensor),
    hex("0a 0b 02 ff ff ff ff ff ff ff ff ff 01 10 01 22 08 00 00 80 3f 00 00 00 80 42 01 77"),
  );
  const node = NODE.create({ input: ["", "é"], opType: "Neg" });
  assert.deepEqual(NODE.encode(node), hex("0a 00 0a 02 c3 a9 22 03 4e 65 67"));
});

Deno.test("empty fields take no space, and a missing optional field differs from zero", () => {
  assert.deepEqual(MODEL.encode(MODEL.create()), new Uint8Array());
  assert.deepEqual(MODEL.encode(MODEL.create({ graph: GRAPH.create() })), hex("3a 00"));
  const info = VALUE_INFO.decode(hex("12 0a 0a 08 12 06 0a 02 08 00 0a 00"));
  assert.deepEqual(info.type!.tensorType!.shape!.dim.map(({ dimValue }) => dimValue), [
    0n,
    undefined,
  ]);
  assert.deepEqual(VALUE_INFO.encode(info), hex("12 0a 0a 08 12 06 0a 02 08 00 0a 00"));
});

Deno.test("lists of numbers are read in packed and in unpacked form", () => {
  assert.deepEqual(TENSOR.decode(hex("08 03 0a 02 04 05 08 06")).dims, [3n, 4n, 5n, 6n]);
  assert.deepEqual(TENSOR.decode(hex("25 00 00 80 3f")).floatData, [1]);
});

Deno.test("pieces of a message are merged; of several numbers the last one counts", () => {
  const { t } = ATTRIBUTE.decode(hex("2a 02 10 01 2a 05 10 02 42 01 77"));
  assert.deepEqual([t!.dataType, t!.name], [2, "w"]);
});

Deno.test("unknown fields and groups are skipped", () => {
  const { name } = TENSOR.decode(hex("fa 7f 01 41 fb 7f 08 01 fc 7f 42 01 77"));
  assert.equal(name, "w");
});

const DAMAGED: Readonly<Record<string, readonly [bytes: string, says: RegExp]>> = {
  "a text longer than the message": ["42 05 77", /EOF/],
  "a message longer than the one around it": ["2a 05 10 01", /EOF/],
  "a field that extends beyond its message": ["2a 02 42 02 77 77", /longer than its message/],
  "numbers that extend beyond their list": ["42 02 80 80 01", /longer than its message/],
  "a number without an end": ["18 ff ff ff ff ff ff ff ff ff ff ff", /varint/],
  "a text that is not UTF-8": ["0a 02 c3 28", /./],
  "a number where a text should be": ["08 01", /field 1 has wire type 0: expected 2/],
  "a text where a number should be": ["1a 01 41", /field 3 has wire type 2: expected 0/],
  "a field with the number 0": ["00 01", /illegal tag/],
};

for (const [name, [bytes, says]] of Object.entries(DAMAGED)) {
  Deno.test(`refused: ${name}`, () => {
    assert.throws(() => ATTRIBUTE.decode(hex(bytes)), says);
  });
}

Deno.test("refused: messages nested without end", () => {
  let bytes: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 40; depth++) {
    // Field 6 of an attribute is a graph, field 1 of a graph a node, field 5 of a node an attribute.
    for (const number of [6, 5, 1]) {
      const head = Uint8Array.of(number << 3 | 2, 0x80 | bytes.length & 0x7f, bytes.length >> 7);
      bytes = new Uint8Array([...head, ...bytes]);
    }
  }
  assert.throws(() => GRAPH.decode(bytes), /more than 100 levels deep/);
});

Deno.test("messages survive writing and reading", () => {
  // A thread in which ONNX Runtime has computed before treats denormals as zero.
  const isNormal = (x: number) => !(Math.abs(x) > 0 && Math.abs(x) < 2 ** -126);
  const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const tensors: fc.Arbitrary<Partial<TensorProto>> = fc.record({
    dims: fc.array(whole),
    dataType: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    floatData: fc.array(fc.float().filter(isNormal)),
    doubleData: fc.array(fc.double().filter(isNormal)),
    int32Data: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    uint64Data: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    name: fc.string({ unit: anyCharacter }),
    rawData: fc.uint8Array({ maxLength: 300 }),
    stringData: fc.array(fc.uint8Array()),
    externalData: fc.array(
      fc.tuple(fc.string(), fc.string({ maxLength: 200 })).map(([key, value]) => ({ key, value })),
    ),
  });
  fc.assert(fc.property(tensors, (values) => {
    const tensor = TENSOR.create(values);
    const read = ATTRIBUTE.decode(ATTRIBUTE.encode(ATTRIBUTE.create({ t: tensor }))).t;
    assert.deepEqual(read, tensor);
  }));
});
