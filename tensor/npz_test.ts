import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import made from "../tests/vectors/npy/made.json" with { type: "json" };
import { type ErrorCode, FlwrError } from "../base/error.ts";
import { decodeNpy } from "./npy.ts";
import { decodeNpz, encodeNpz } from "./npz.ts";
import { type Tensor, tensor, zeros } from "./tensor.ts";
import { unzip, zip } from "./zip.ts";

const SMALL = new Map<string, Tensor>([
  ["weight", tensor("float32", [2, 3], new Float32Array([0, 1, 2, 3, 4, 5]))],
  ["b.bias", zeros("int64", [40])],
  ["empty", zeros("uint8", [0, 2])],
]);

const bytesOf = (text: string) => new TextEncoder().encode(text);

function assertRefused(action: () => unknown, code: ErrorCode, sentence: RegExp): void {
  assert.throws(
    action,
    (error) => error instanceof FlwrError && error.code === code && sentence.test(error.message),
  );
}

for (const { name, hex } of made.npz) {
  Deno.test(`npz: reads what numpy's ${name} writes`, () => {
    assert.deepEqual(new Map(decodeNpz(Uint8Array.fromHex(hex))), SMALL);
  });
}

Deno.test("npz: arrays survive writing and reading, and equal content gives equal bytes", () => {
  const bytes = encodeNpz(SMALL);
  assert.deepEqual(new Map(decodeNpz(bytes)), SMALL);
  assert.deepEqual(encodeNpz(SMALL), bytes);
  assert.deepEqual(new Map(decodeNpz(encodeNpz([]))), new Map());
});

Deno.test("npz: an array that cannot be read is named", () => {
  const object = Uint8Array.fromHex(made.refused.find(({ name }) => name === "object")!.hex);
  assertRefused(
    () => decodeNpz(zip([["layer.npy", object]])).get("layer"),
    "invalid-argument",
    /^Array "layer": Array type "\|O" \(Python objects/,
  );
  assertRefused(
    () => decodeNpz(zip([["readme.txt", new Uint8Array()], ["a.npy", object]])).get("readme.txt"),
    "invalid-argument",
    /^Archive contains "readme\.txt", which is not a \.npy file$/,
  );
});

Deno.test("zip: any files survive in order", () => {
  const file = fc.tuple(fc.string({ maxLength: 20 }), fc.uint8Array({ maxLength: 200 }));
  const distinct = fc.uniqueArray(file, { selector: ([name]) => name, maxLength: 8 });
  fc.assert(
    fc.property(distinct, (files) => {
      assert.deepEqual([...unzip(zip(files))], files);
    }),
  );
});

/** An archive of one deflated file, with arbitrary directory fields. */
function deflated(content: Uint8Array, fields: Record<number, number> = {}): Uint8Array {
  const packed = deflateRawSync(content);
  const archive = zip([["f", content]]);
  const local = archive.subarray(0, 31);
  const directory = archive.slice(31 + content.length);
  const view = new DataView(directory.buffer);
  view.setUint16(10, 8, true);
  view.setUint32(20, packed.length, true);
  view.setUint32(47 + 16, 31 + packed.length, true);
  for (const [at, value] of Object.entries(fields)) view.setUint32(Number(at), value, true);
  return new Uint8Array([...local, ...packed, ...directory]);
}

Deno.test("zip: deflated files are read, but not beyond their declared size", () => {
  const content = new Uint8Array(5000);
  assert.deepEqual([...unzip(deflated(content))], [["f", content]]);
  assert.deepEqual([...unzip(deflated(new Uint8Array()))], [["f", new Uint8Array()]]);
  for (const size of [4999, 10, 0]) {
    assertRefused(() => unzip(deflated(content, { 24: size })), "data-loss", /decompressed to/);
  }
  assertRefused(() => unzip(deflated(content, { 24: 5001 })), "data-loss", /size or checksum/);
});

Deno.test("zip: encrypted, zip64 and unknown methods are refused as such", () => {
  const refused = (fields: Record<number, number>, sentence: RegExp) =>
    assertRefused(() => unzip(deflated(bytesOf("x"), fields)), "unimplemented", sentence);
  refused({ 8: 1 | (8 << 16) }, /"f" is encrypted/);
  refused({ 10: 12 }, /method 12/);
  refused({ 24: 0xffffffff }, /zip64/);
});

Deno.test("zip: archives beyond the limits are refused before they are read", () => {
  const archive = deflated(bytesOf("x"), { 24: 0xfffffffe });
  const end = archive.length - 22;
  const twice = new Uint8Array([...archive.subarray(0, end), ...archive.subarray(end - 47)]);
  new DataView(twice.buffer).setUint16(twice.length - 12, 2, true);
  new DataView(twice.buffer).setUint32(twice.length - 10, 2 * 47, true);
  assertRefused(() => unzip(twice), "resource-exhausted", /more than 4294967296 bytes/);
  const many = zip([["f", bytesOf("x")]]);
  new DataView(many.buffer).setUint16(many.length - 12, 10_001, true);
  assertRefused(() => unzip(many), "resource-exhausted", /more than 10000 files/);
});

Deno.test("zip: a repeated name is refused", () => {
  const files = [["f", bytesOf("1")], ["f", bytesOf("2")]] as const;
  assertRefused(() => unzip(zip(files)), "data-loss", /"f" occurs twice/);
});

Deno.test("zip: an archive that is truncated anywhere is damaged", () => {
  const archive = zip([["a", bytesOf("first")], ["b", bytesOf("second")]]);
  for (let length = 0; length < archive.length; length++) {
    assertRefused(() => unzip(archive.subarray(0, length)), "data-loss", /^Zip archive is damaged/);
  }
});

const vector = (name: string) => Deno.readFileSync(`tests/vectors/files/${name}`);
const SIX = new Float32Array([0, 1, 2, 3, 4, 5]);

Deno.test("zip: zip64 end records that agree with the ordinary one are ignored", () => {
  const content = unzip(vector("zip_torch_save.pt"));
  assert.deepEqual(content.get("z_pt/byteorder"), bytesOf("little"));
  assert.equal(content.size, 7);
  const changed = vector("zip_torch_save.pt");
  const record = changed.length - 22 - 20 - 56;
  changed[record + 48]! ^= 1;
  assertRefused(() => unzip(changed), "data-loss", /contradict/);
  changed[record + 4]! ^= 1;
  assertRefused(() => unzip(changed), "unimplemented", /zip64/);
});

Deno.test("npz: an archive of another format is named", () => {
  const refused = (bytes: Uint8Array, sentence: RegExp) =>
    assertRefused(() => decodeNpz(bytes), "invalid-argument", sentence);
  refused(vector("zip_torch_save.pt"), /torch\.save/);
  refused(vector("zip_spreadsheet.xlsx"), /\.xlsx/);
  refused(zip([["a.txt", bytesOf("x")]]), /contains no \.npy file/);
});

Deno.test("npz: a member that cannot be read does not affect the others", () => {
  for (const [name, unreadable] of [["string", "class_names"], ["object", "meta"]] as const) {
    const arrays = decodeNpz(vector(`npz_${name}_member.npz`));
    assert.deepEqual(arrays.get("a")!.data, SIX);
    assertRefused(() => arrays.get(unreadable), "invalid-argument", /is not supported/);
    assert.deepEqual([[...arrays.keys()], arrays.size], [["a", unreadable], 2]);
    assert.ok(arrays.has(unreadable));
    // Reading all of them fails, so that nothing is silently left out.
    for (
      const all of [() => [...arrays], () => [...arrays.values()], () => arrays.forEach(() => 0)]
    ) {
      assertRefused(all, "invalid-argument", /is not supported/);
    }
    assert.ok(arrays.delete(unreadable));
    assert.deepEqual([...arrays].map(([key]) => key), ["a"]);
  }
});

Deno.test("npz: each kind of member that cannot be read leaves the others readable", () => {
  const good = encodeNpz(SMALL);
  const view = new DataView(good.buffer);
  const directory = view.getUint32(good.length - 6, true);
  const changes: [string, ErrorCode, (at: DataView) => void][] = [
    ["encrypted", "unimplemented", (at) => at.setUint16(8, 1, true)],
    ["otherwise compressed", "unimplemented", (at) => at.setUint16(10, 14, true)],
    ["zip64", "unimplemented", (at) => at.setUint32(24, 0xffffffff, true)],
    ["damaged", "data-loss", (at) => at.setUint32(16, 1, true)],
  ];
  for (const [kind, code, change] of changes) {
    const bytes = good.slice();
    change(new DataView(bytes.buffer, directory));
    const arrays = decodeNpz(bytes);
    assertRefused(() => arrays.get("weight"), code, /"weight/);
    assert.deepEqual(arrays.get("b.bias"), SMALL.get("b.bias"), kind);
  }
});

Deno.test("npz: other files, folders, and bytes before the archive", () => {
  for (const name of ["with_readme", "with_macosx", "prefixed"]) {
    const arrays = decodeNpz(vector(`npz_${name}.npz`));
    assert.deepEqual([...arrays].map(([key, { data }]) => [key, data]), [["a", SIX]]);
  }
  assert.deepEqual(decodeNpz(vector("npz_dir_entry.npz")).get("sub/a")!.data, SIX);
  const withReadme = decodeNpz(vector("npz_with_readme.npz"));
  assert.ok(!withReadme.has("README.txt"));
  assertRefused(() => withReadme.get("README.txt"), "invalid-argument", /is not a \.npy file/);
});

Deno.test("npz: errors for other files name their format", () => {
  assertRefused(
    () => decodeNpz(bytesOf("plain text, nothing else")),
    "invalid-argument",
    /not a zip/,
  );
  const npy = vector("npy_name_float32.npy");
  assert.throws(() => decodeNpz(npy), ({ hints }: FlwrError) => /\.npy/.test(hints[0]!));
  assert.throws(
    () => decodeNpy(encodeNpz(SMALL)),
    ({ hints }: FlwrError) => /\.npz/.test(hints[0]!),
  );
});

Deno.test("npz: flipped bits give a FlwrError or arrays, nothing else", () => {
  const seed = encodeNpz(SMALL);
  fc.assert(
    fc.property(fc.array(fc.nat(seed.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
      const bytes = seed.slice();
      for (const bit of bits) bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        [...decodeNpz(bytes)];
      } catch (error) {
        assert(error instanceof FlwrError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
