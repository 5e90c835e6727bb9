import { CHUNK_BYTES } from "./array.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import type { LinkObject } from "../../entities/object.ts";
import { type RecordDict, RecordDictSchema } from "../../proto/gen/current/recorddict_pb.ts";
import { deflateRecordDict } from "./deflate.ts";
import { inflateRecordDict } from "./inflate.ts";
import { makeObject, parseObject, readObject } from "./object.ts";

interface Golden {
  readonly name: string;
  readonly type: string;
  readonly object_id: string;
  readonly head: string;
  readonly content_b64: string | null;
  readonly nested: { object_id: string; content_b64: string | null }[];
}

/** Objects made by Flower 1.41. */
const GOLDEN: Golden[] = JSON.parse(
  Deno.readTextFileSync(
    new URL("../../tests/vectors/flwr-1.41-objects/objects.json", import.meta.url),
  ),
);

const store = new Map<string, LinkObject>();
for (const { object_id: id, content_b64 } of GOLDEN.flatMap(({ nested }) => nested)) {
  if (!content_b64) continue; // given as a description
  const bytes = new Uint8Array(Buffer.from(content_b64, "base64"));
  store.set(id, { id, bytes, children: parseObject(bytes).children });
}
const get = (id: string) => store.get(id);

const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof FlwrError && error.code === code && message.test(error.message);

Deno.test("objects of Flower 1.41 are read, and hash to their ids", async () => {
  assert.ok(store.size > 40);
  for (const { id, bytes, children } of store.values()) {
    assert.deepEqual(await readObject(id, bytes), { id, bytes, children });
    const { type, body } = parseObject(bytes);
    assert.equal((await makeObject(type, children, body)).id, id);
  }
});

for (
  const { name, object_id: root, nested } of GOLDEN.filter(({ type }) => type === "RecordDict")
) {
  Deno.test(`RecordDict "${name}" of Flower 1.41 is inflated and deflated again`, async () => {
    const deflated = await deflateRecordDict(inflateRecordDict(root, get));
    assert.equal(deflated.root, root);
    assert.deepEqual(
      deflated.objects.map(({ id }) => id),
      nested.map((object) => object.object_id),
    );
    for (const { id, bytes, children } of deflated.objects) {
      assert.deepEqual(Buffer.from(bytes), Buffer.from(get(id)!.bytes));
      assert.deepEqual(children, get(id)!.children);
    }
  });
}

/** A RecordDict with one ArrayRecord. */
function dictOf(
  arrays: { key: string; dtype: string; shape: number[]; data: Uint8Array }[],
): RecordDict {
  const items = arrays.map(({ key, ...value }) => ({
    key,
    value: { ...value, stype: "numpy.ndarray" },
  }));
  return create(RecordDictSchema, {
    items: [{ key: "arrays", value: { case: "arrayRecord", value: { items } } }],
  });
}

Deno.test("ArrayRecords of Flower 1.41 have the same ids here", async () => {
  for (const { name, object_id: id } of GOLDEN.filter(({ type }) => type === "ArrayRecord")) {
    const wrapper = await makeObject("RecordDict", [id], Buffer.from(`{"arrays": "${id}"}`));
    const dict = inflateRecordDict(
      wrapper.id,
      (other) => other === wrapper.id ? wrapper : get(other),
    );
    const { root, objects } = await deflateRecordDict(dict);
    assert.equal(root, wrapper.id, name);
    assert.ok(objects.some((object) => object.id === id), name);
  }
});

Deno.test("16 MiB are cut into chunks of 5 MiB, equal chunks kept once", async () => {
  const golden = GOLDEN.find(({ name }) => name === "array_16MiB_zeros")!;
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4194304,), }".padEnd(117) +
    "\n";
  const data = new Uint8Array(128 + 16 * 1024 * 1024);
  data.set(
    Buffer.concat([Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"), Buffer.from(header)]),
  );
  const dict = dictOf([{ key: "w", dtype: "float32", shape: [4_194_304], data }]);
  const { root, objects } = await deflateRecordDict(dict);
  const array = objects.find(({ id }) => id === golden.object_id);
  assert.ok(array, "the array has not Flower's id");
  assert.equal(array.children.length, 3);
  const found = new Map(objects.map((object) => [object.id, object]));
  assert.deepEqual(inflateRecordDict(root, (id) => found.get(id)), dict);
});

Deno.test("any deflated RecordDict inflates to the same one", async () => {
  const key = fc.string({ unit: "grapheme" });
  const array = fc.record({
    key,
    dtype: fc.constantFrom("float32", ""),
    shape: fc.array(fc.nat({ max: 2 ** 31 - 1 })),
    data: fc.uint8Array(),
  });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(array, { selector: ({ key }) => key }), async (arrays) => {
      const dict = dictOf(arrays);
      const { root, objects } = await deflateRecordDict(dict);
      const seen = new Map<string, LinkObject>();
      for (const object of objects) {
        assert.ok(object.children.every((child) => seen.has(child)), "children come first");
        assert.ok(!seen.has(object.id), "each object once");
        seen.set(object.id, object);
      }
      assert.equal(objects.at(-1)?.id, root);
      assert.deepEqual(inflateRecordDict(root, (id) => seen.get(id)), dict);
    }),
    { seed: 41, numRuns: 200 },
  );
});

Deno.test("numeric names keep their order", async () => {
  const dict = dictOf(["10", "b", "2", "__proto__", ""].map((key) => ({
    key,
    dtype: "float32",
    shape: [],
    data: new Uint8Array(),
  })));
  const { root, objects } = await deflateRecordDict(dict);
  const found = new Map(objects.map((object) => [object.id, object]));
  assert.deepEqual(inflateRecordDict(root, (id) => found.get(id)), dict);
});

const ID = "a".repeat(64);
for (
  const [text, why] of [
    ["Array  2", "no head"],
    ["Array 2\0{}", "three parts"],
    ["Array   2\0{}", "three parts"],
    ["array  2\0{}", "type"],
    ["constructor  2\0{}", "type"],
    [`Array ${ID.toUpperCase()} 2\0{}`, "child"],
    [`Array ${ID}, 2\0{}`, "child"],
    [`Array ${ID.slice(1)} 2\0{}`, "child"],
    ["Array  3\0{}", "announces"],
    ["Array  02\0{}", "announces"],
    ["Array  2 \0{}", "three parts"],
    ["Array\n  2\0{}", "type"],
  ] as const
) {
  Deno.test(`the object ${JSON.stringify(text)} is refused`, () => {
    assert.throws(
      () => parseObject(new TextEncoder().encode(text)),
      refused("invalid-argument", new RegExp(why)),
    );
  });
}

Deno.test("an object with a wrong id is refused", async () => {
  const { bytes } = await makeObject("ArrayChunk", [], new Uint8Array(3));
  await assert.rejects(readObject(ID, bytes), refused("data-loss", /hash to/));
});

/** Inflates a RecordDict from objects with the given bodies; "#n" stands for the id of the n-th object. */
async function inflateHostile(...objects: [type: string, body: string, children?: number[]][]) {
  const made: LinkObject[] = [];
  for (const [type, body, children = []] of objects) {
    const ids = children.map((place) => made[place]!.id);
    const text = body.replace(/#(\d)/g, (_, place) => made[Number(place)]!.id);
    made.push(await makeObject(type as "Array", ids, new TextEncoder().encode(text)));
  }
  const found = new Map(made.map((object) => [object.id, object]));
  return () => inflateRecordDict(made.at(-1)!.id, (id) => found.get(id));
}

const ARRAY = '{"dtype": "f", "shape": [], "stype": "", "arraychunk_ids": ';

Deno.test("objects that do not belong together are refused", async () => {
  const malformed = refused("invalid-argument", /^Malformed object: /);
  for (
    const objects of [
      [["ArrayChunk", "x"]],
      [["ArrayChunk", "x"], ["RecordDict", '{"a": "#0"}', [0]]],
      [["RecordDict", "{}"], ["RecordDict", '{"a": "#0"}', [0]]],
      [["ConfigRecord", ""], ["RecordDict", '{"a": "#0"}']],
      [["ConfigRecord", "\x0a"], ["RecordDict", '{"a": "#0"}', [0]]],
      [["ConfigRecord", ""], ["RecordDict", '{"a": "#0", "a": "#0"}', [0]]],
      [["ConfigRecord", ""], ["RecordDict", '{"a": "#0",}', [0]]],
      [["ConfigRecord", ""], ["RecordDict", '{"\\ud800": "#0"}', [0]]],
      [["RecordDict", "[]"]],
      [["RecordDict", "{} x"]],
      [["RecordDict", ""]],
      [["Array", ARRAY + "[0]}"], ["ArrayRecord", '{"a": "#0"}', [0]], [
        "RecordDict",
        '{"a": "#1"}',
        [1],
      ]],
      [["Array", "null"], ["ArrayRecord", '{"a": "#0"}', [0]], ["RecordDict", '{"a": "#1"}', [1]]],
      [["Array", ARRAY + "[1.5]}"], ["ArrayRecord", '{"a": "#0"}', [0]], [
        "RecordDict",
        '{"a": "#1"}',
        [1],
      ]],
    ] as [string, string, number[]?][][]
  ) {
    assert.throws(await inflateHostile(...objects), malformed, JSON.stringify(objects));
  }
  assert.throws(() => inflateRecordDict(ID, get), refused("not-found", /is missing/));
});

Deno.test("objects that are referenced often cannot exceed a message's size", async () => {
  const inflate = await inflateHostile(
    ["ArrayChunk", "x".repeat(CHUNK_BYTES)],
    ["Array", `${ARRAY}[${new Array(200).fill(0)}]}`, [0]],
    ["ArrayRecord", '{"a": "#1"}', [1]],
    ["RecordDict", '{"a": "#2"}', [2]],
  );
  assert.throws(inflate, refused("resource-exhausted", /larger than 536870912 bytes/));
});
