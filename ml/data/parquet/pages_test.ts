import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { checkPages } from "./pages.ts";
import { readThrift } from "./thrift.ts";

/** The bytes of a Thrift structure of integers and structures, by the numbers of their fields. */
function encode(fields: Readonly<Record<number, number | boolean | object>>): number[] {
  const bytes: number[] = [];
  let last = 0;
  for (const [name, value] of Object.entries(fields)) {
    const step = Number(name) - last;
    last = Number(name);
    if (typeof value === "boolean") bytes.push(step << 4 | (value ? 1 : 2));
    else if (typeof value === "number") bytes.push(step << 4 | 5, ...varint(2 * value));
    else bytes.push(step << 4 | 12, ...encode(value as Record<number, number>));
  }
  return [...bytes, 0];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return [...bytes, value];
}

const page = (values: number, size: number, stored = size) =>
  encode({ 1: 0, 2: size, 3: stored, 5: { 1: values, 2: 0, 3: 3, 4: 3 } });
const second = (values: number, data: readonly number[]) => [
  ...encode({
    1: 3,
    2: data.length,
    3: data.length,
    8: { 1: values, 2: 0, 3: values, 4: 8, 5: 0, 6: 0, 7: false },
  }),
  ...data,
];
const check = (bytes: readonly number[], rows: number) =>
  checkPages(Uint8Array.from(bytes), rows, "UNCOMPRESSED");

Deno.test("Parquet pages: headers that fit are accepted", () => {
  check([...page(2, 4), 1, 2, 3, 4, ...page(1, 1), 9], 3);
  // Four equal values: a run of 4 (RLE), and a group of 8 of which 4 are used.
  check(second(4, [0, 8]), 4);
  check(second(4, [0, 3, 0]), 4);
});

Deno.test("Parquet pages: what would take time or memory without a bound is refused", () => {
  const long = Array<number>(1_000_000).fill(0xff);
  const attempts: readonly [string, () => unknown][] = [
    ["more rows than the group", () => check([...page(3, 1), 1], 2)],
    ["a page beyond its column", () => check(page(1, 50), 1)],
    ["too few pages", () => check([...page(1, 1), 1], 2)],
    ["a large page", () => check(page(1, 2 ** 30), 1)],
    ["two sizes", () => check([...page(1, 9, 1), 1], 1)],
    ["many values", () => check([...page(2 ** 25, 1), 1], 2 ** 26)],
    ["a large dictionary", () => check(encode({ 1: 2, 2: 1, 3: 0, 7: { 1: 2 ** 30, 2: 0 } }), 1)],
    ["an unknown encoding", () => check(encode({ 1: 0, 2: 0, 3: 0, 5: { 1: 1, 2: 99 } }), 1)],
    ["no header", () => check(encode({ 1: 0, 2: 0, 3: 0 }), 1)],
    ["a run of indices without bits", () => check(second(4, [0, ...varint(2 ** 31 + 1)]), 4)],
    ["indices that end", () => check(second(4, [0, 2]), 4)],
    ["a long integer", () => readThrift(Uint8Array.from([0x16, ...long]), 0)],
    ["a long list", () => readThrift(Uint8Array.from([0x19, 0xfc, 255, 255, 255, 255, 7]), 0)],
    ["a long text", () => readThrift(Uint8Array.from([0x18, 255, 255, 255, 255, 7]), 0)],
    ["deep structures", () => readThrift(new Uint8Array(1_000_000).fill(0x1c), 0)],
    ["deep lists", () => readThrift(Uint8Array.from([0x19, ...Array(1_000_000).fill(0x19)]), 0)],
  ];
  for (const [name, attempt] of attempts) {
    assert.throws(
      attempt,
      (error) =>
        error instanceof FlwrError && ["invalid-argument", "unimplemented"].includes(error.code),
      name,
    );
  }
});
