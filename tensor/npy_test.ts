import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import made from "../tests/vectors/npy/made.json" with { type: "json" };
import recorded from "../tests/vectors/npy/recorded.json" with { type: "json" };
import { FlwrError } from "../base/error.ts";
import { arrayConstructor, type DType, DTYPES, itemSize } from "./dtype.ts";
import { decodeNpy, encodeNpy, npyOf, zerosInNpy } from "./npy.ts";
import { decodeNpz } from "./npz.ts";
import { elementCount, tensor, tensorBytes } from "./tensor.ts";

/** Values as strings, so that 64-bit integers, booleans and floats can be compared. */
const texts = (values: Iterable<unknown>) => Array.from(values, (value) => String(Number(value)));
const bigTexts = (values: Iterable<unknown>) => Array.from(values, String);

function assertRefused(bytes: Uint8Array, sentence: RegExp): void {
  assert.throws(
    () => decodeNpy(bytes),
    (error) =>
      error instanceof FlwrError && error.code === "invalid-argument" &&
      sentence.test(error.message),
  );
}

/** A .npy file with an arbitrary header. */
function file(header: string, data: Uint8Array = new Uint8Array(), version = [1, 0]): Uint8Array {
  const text = new TextEncoder().encode(header);
  const preamble = version[0] === 1 ? 10 : 12;
  const bytes = new Uint8Array(preamble + text.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, ...version]);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  bytes.set(text, preamble);
  bytes.set(data, preamble + text.length);
  return bytes;
}

const headerOf = (descr: string, order = "False", shape = "(2,)") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

for (const vector of recorded) {
  Deno.test(`npy: reads numpy's ${vector.name} and writes it back byte for byte`, () => {
    const bytes = Uint8Array.fromHex(vector.hex);
    const read = decodeNpy(bytes);
    assert.equal(read.dtype, vector.dtype === ">f4" ? "float32" : vector.dtype);
    assert.deepEqual(read.shape, vector.shape);
    assert.deepEqual(texts(read.data), texts(vector.values));
    const converted = vector.fortran || vector.dtype === ">f4";
    if (!converted) assert.equal(encodeNpy(read).toHex(), vector.hex);
  });
}

for (const vector of made.same) {
  Deno.test(`npy: reads and writes ${vector.name} as numpy does`, () => {
    const read = decodeNpy(Uint8Array.fromHex(vector.hex));
    assert.equal(read.dtype, vector.dtype);
    assert.deepEqual(read.shape, vector.shape);
    const compare = typeof vector.values[0] === "number" ? texts : bigTexts;
    assert.deepEqual(compare(read.data), compare(vector.values));
    assert.equal(encodeNpy(read).toHex(), vector.hex);
  });
}

for (const vector of made.converted) {
  Deno.test(`npy: converts ${vector.name} to row-major little endian`, () => {
    const read = decodeNpy(Uint8Array.fromHex(vector.hex));
    assert.equal(read.dtype, vector.dtype);
    assert.deepEqual(read.shape, vector.shape);
    assert.deepEqual(bigTexts(read.data), vector.values);
  });
}

for (const vector of made.refused) {
  Deno.test(`npy: refuses an array of type ${vector.name} and names the type`, () => {
    assertRefused(Uint8Array.fromHex(vector.hex), new RegExp(`^Array type .*${vector.meaning}`));
  });
}

Deno.test("npy: an aligned file is viewed, an unaligned one copied, neither changed", () => {
  const bytes = encodeNpy(tensor("float64", [2], new Float64Array([1, 2])));
  assert.equal(decodeNpy(bytes).data.buffer, bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const read = decodeNpy(shifted.subarray(1));
  assert.notEqual(read.data.buffer, shifted.buffer);
  assert.deepEqual([...read.data], [1, 2]);
});

Deno.test("npy: converting a big-endian file does not change the given bytes", () => {
  const bytes = file(headerOf("'>i2'"), new Uint8Array([0, 1, 0, 2]));
  const before = bytes.slice();
  assert.deepEqual([...decodeNpy(bytes).data], [1, 2]);
  assert.deepEqual(bytes, before);
});

Deno.test("npy: accepts what Python's literals allow: any key order, double quotes, no last comma", () => {
  const bytes = file(
    `{"shape":(1,2),"descr":"|i1","fortran_order":False}\n`,
    new Uint8Array([1, 255]),
  );
  const read = decodeNpy(bytes);
  assert.deepEqual(read.shape, [1, 2]);
  assert.deepEqual([...read.data], [1, -1]);
});

const TWO = new Uint8Array(2);
const MALFORMED: readonly [string, string][] = [
  ["an expression", headerOf("'|u1'", "False", "(1+1,)")],
  ["a call", headerOf("'|u1'", "bool(0)")],
  ["a number in place of a shape", headerOf("'|u1'", "False", "(2)")],
  ["a list in place of a shape", headerOf("'|u1'", "False", "[2]")],
  ["a negative axis", headerOf("'|u1'", "False", "(-2,)")],
  ["a float axis", headerOf("'|u1'", "False", "(2.0,)")],
  ["an axis with a leading zero", headerOf("'|u1'", "False", "(02,)")],
  ["a long axis", headerOf("'|u1'", "False", `(${"9".repeat(16)},)`)],
  ["an escape", headerOf("'\\x7cu1'")],
  ["a number in place of a flag", headerOf("'|u1'", "0")],
  ["an unknown key", headerOf("'|u1'").replace("}", "'more': 1}")],
  ["a key given twice", headerOf("'|u1'").replace("}", "'descr': '|u1'}")],
  ["text after the dictionary", headerOf("'|u1'") + "1"],
  ["two commas", headerOf("'|u1'").replace(", }", ",, }")],
  ["no dictionary", "2"],
  ["nothing", ""],
];
for (const [what, header] of MALFORMED) {
  Deno.test(`npy: refuses a header with ${what}`, () => {
    assertRefused(file(header, TWO), /^Array header is malformed at character \d+/);
  });
}

Deno.test("npy: refuses a header without all three keys", () => {
  assertRefused(file("{'descr': '|u1', 'shape': (2,)}", TWO), /must have the keys/);
});

Deno.test("npy: refuses unknown types, and types whose size depends on the system", () => {
  const odd = [
    "'|b2'",
    "'<f16'",
    "''",
    "'<'",
    "'>>f4'",
    "'float'",
    "'int'",
    "'<l'",
    "'L'",
    "'f4 '",
  ];
  for (const descr of [...odd, "'toString'", "'__proto__'"]) {
    assertRefused(file(headerOf(descr), new Uint8Array(8)), /^Array type .* is not supported$/);
  }
});

Deno.test("npy: reads every spelling of a type that numpy reads", () => {
  const spellings: readonly [DType, readonly string[]][] = [
    ["float32", ["=f4", "f4", "|f4", "<f", "f", "float32"]],
    ["float64", ["=f8", "d", "float64"]],
    ["bool", ["?", "|?", "<b1", "bool"]],
    ["int64", ["q", "=i8", "int64"]],
    ["uint8", ["B", "u1", "uint8"]],
  ];
  for (const [dtype, names] of spellings) {
    for (const name of names) {
      const bytes = file(headerOf(`'${name}'`), new Uint8Array(2 * itemSize(dtype)));
      assert.deepEqual([decodeNpy(bytes).dtype, decodeNpy(bytes).shape], [dtype, [2]], name);
    }
  }
  assert.deepEqual([
    ...decodeNpy(file(headerOf("'>i'"), Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2))).data,
  ], [
    1,
    2,
  ]);
});

Deno.test("npy: reads what other programs and Python 2 write", () => {
  for (const name of ["python2_longs", "native_eq", "pipe_f4", "name_float32"]) {
    const read = decodeNpy(Deno.readFileSync(`tests/vectors/files/npy_${name}.npy`));
    assert.deepEqual(read, tensor("float32", [2, 3], new Float32Array([0, 1, 2, 3, 4, 5])));
  }
  const flags = decodeNpy(Deno.readFileSync("tests/vectors/files/npy_question_bool.npy"));
  assert.deepEqual([flags.dtype, flags.shape], ["bool", [2]]);
});

Deno.test("npy: refuses sizes that differ from the bytes by one, either way", () => {
  const bytes = encodeNpy(tensor("float32", [2], new Float32Array(2)));
  assertRefused(bytes.subarray(0, -1), /needs 8 bytes: got 7$/);
  assertRefused(new Uint8Array([...bytes, 0]), /needs 8 bytes: got 9$/);
});

Deno.test("npy: refuses shapes too large to count, even with an empty axis", () => {
  const shape = "(0, 999999999, 999999999, 999999999)";
  assertRefused(file(headerOf("'<f8'", "False", shape)), /is larger than/);
});

Deno.test("npy: refuses more axes than the limit, when reading and when writing", () => {
  const shape = `(${"1, ".repeat(33)})`;
  assertRefused(file(headerOf("'|u1'", "False", shape), new Uint8Array(1)), /more than 32 axes/);
  const deep = tensor("uint8", Array(33).fill(1), new Uint8Array(1));
  assert.throws(() => encodeNpy(deep), /more than 32 axes: 33/);
});

Deno.test("npy: refuses booleans that are neither true nor false", () => {
  assertRefused(file(headerOf("'|b1'"), new Uint8Array([1, 2])), /other than 0 and 1: 2$/);
});

Deno.test("npy: refuses other versions, other files, and headers past the end or the limit", () => {
  assertRefused(file(headerOf("'|u1'"), TWO, [4, 0]), /^Version .*: 4\.0$/);
  assertRefused(file(headerOf("'|u1'"), TWO, [1, 1]), /^Version .*: 1\.1$/);
  assertRefused(new Uint8Array(), /not an array in numpy's/);
  assertRefused(new TextEncoder().encode("PK\x03\x04 a zip file"), /not an array in numpy's/);
  assertRefused(file(headerOf("'|u1'")).subarray(0, 40), /ends within its header/);
  assertRefused(file("", undefined, [2, 0]).subarray(0, 11), /ends within its header/);
  assertRefused(file(" ".repeat(10_001)), /longer than 10000 bytes: 10001/);
});

const anyTensor = fc.record({
  dtype: fc.constantFrom(...DTYPES),
  shape: fc.array(fc.nat(4), { maxLength: 5 }),
}).chain(({ dtype, shape }) => {
  const bytes = elementCount(shape) * itemSize(dtype);
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => {
    if (dtype === "bool") raw.forEach((byte, i) => (raw[i] = byte & 1));
    return tensor<DType>(dtype, shape, new (arrayConstructor(dtype))(raw.slice().buffer));
  });
});

Deno.test("npy: any tensor survives with the same bits", () => {
  fc.assert(fc.property(anyTensor, (original) => {
    const bytes = encodeNpy(original);
    assert.equal((bytes.length - tensorBytes(original).length) % 64, 0);
    const read = decodeNpy(bytes);
    assert.equal(read.dtype, original.dtype);
    assert.deepEqual(read.shape, original.shape);
    assert.deepEqual(tensorBytes(read), tensorBytes(original));
  }));
});

Deno.test("npy: a flipped bit gives another valid array or a FlwrError, nothing else", () => {
  const seed = Uint8Array.fromHex(made.converted[3]!.hex);
  fc.assert(
    fc.property(fc.array(fc.nat(seed.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
      const bytes = seed.slice();
      for (const bit of bits) bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        const read = decodeNpy(bytes);
        assert.equal(read.data.length, elementCount(read.shape));
      } catch (error) {
        assert(error instanceof FlwrError && error.code === "invalid-argument", String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("npy: control characters in a type are refused as any unknown type", () => {
  for (const character of ["\r", "\u0000", "\u000b", "\u0085"]) {
    assertRefused(file(headerOf(`'${character}f8'`), new Uint8Array(16)), /f8/);
  }
});

Deno.test("npy: arbitrary header text never gets past the grammar with another error", () => {
  const word = fc.constantFrom(
    "{",
    "}",
    "'descr'",
    "'shape'",
    "'fortran_order'",
    ":",
    ",",
    "(",
    ")",
    "'<f4'",
    "'|O'",
    "[",
    "True",
    "False",
    "1",
    "99999999",
    " ",
    "\n",
    "'",
    "é",
    "None",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 24 }), (words) => {
      try {
        decodeNpy(file(words.join(""), TWO));
      } catch (error) {
        assert(error instanceof FlwrError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("decodes an unaligned array in a Node Buffer, as gRPC passes it", () => {
  const npy = encodeNpy(tensor("float64", [2], new Float64Array([1.5, -2])));
  for (let shift = 0; shift < 8; shift += 1) {
    const buffer = Buffer.alloc(npy.length + 8);
    buffer.set(npy, shift);
    const decoded = decodeNpy(buffer.subarray(shift, shift + npy.length));
    assert.deepEqual([...decoded.data], [1.5, -2]);
  }
});

Deno.test("npy: the errors for ml_dtypes and long double suggest float32", () => {
  for (const [type, name] of [["<V2", /bfloat16/], ["<V1", /float8/], ["<f16", /long double/]]) {
    assert.throws(() => decodeNpy(file(headerOf(`'${type}'`))), (error) => {
      assert.ok(error instanceof FlwrError);
      assert.match(error.message, name as RegExp);
      assert.match(error.hints[0]!, /float32/);
      return error.code === "invalid-argument";
    });
  }
});

Deno.test("npy, npz: files of other formats are named", () => {
  const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  for (
    const [start, name] of [
      ["\x1f\x8b\x08\0\0\0\0\0\0\0", /gzip/],
      ["\x80\x04\x95\xbb\0\0\0\0\0\0\0", /pickle/],
      ["\x89HDF\r\n\x1a\n\0\0\0\0", /HDF5/],
      ['\x40\0\0\0\0\0\0\0{"a":{"d', /safetensors/],
    ] as const
  ) {
    const padded = bytesOf(start.padEnd(40, "\0"));
    for (const decode of [decodeNpy, decodeNpz]) {
      assert.throws(
        () => decode(padded),
        (error) =>
          error instanceof FlwrError && error.code === "invalid-argument" &&
          name.test(error.message) && error.hints.length === 1,
      );
    }
  }
});

Deno.test("zerosInNpy: elements that lie in the file that encodeNpy makes, unless the shape changes", () => {
  for (const dtype of DTYPES) {
    for (const shape of [[], [0], [3, 2]]) {
      const made = zerosInNpy(dtype, shape);
      const one = dtype.endsWith("int64") ? 1n : 1;
      (made.data as Uint8Array).fill(one as number);
      assert.deepEqual(npyOf(made), encodeNpy(made), `${dtype} [${shape}]`);
    }
  }
  const made = zerosInNpy("float32", [2, 3]);
  assert.equal(npyOf({ ...made, shape: [3, 2] }), undefined);
  assert.equal(npyOf(tensor("float32", [6], made.data.slice())), undefined);
});
