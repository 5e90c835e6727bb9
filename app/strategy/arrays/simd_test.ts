import assert from "node:assert/strict";
import { seededRandom, systemRandom } from "../../../base/random.ts";
import { paddedLength, SimdDoubles, SimdRows } from "./simd.ts";

Deno.test("simd: minimum and maximum of each two elements, NaN into both, −0 below 0", () => {
  const rows = new SimdRows(3, 8);
  const [, low, high] = rows.rows as [Float32Array, Float32Array, Float32Array];
  low.set([1, 5, -1e38, NaN, 0, 2, Infinity, 7]);
  high.set([2, 3, 1e38, 1, -0, NaN, -Infinity, 7]);
  rows.compare(1, 2, 8);
  assert.deepEqual([...low], [1, 3, -1e38, NaN, -0, NaN, -Infinity, 7].map(Math.fround));
  assert.deepEqual([...high], [2, 5, 1e38, NaN, 0, NaN, Infinity, 7].map(Math.fround));
  // only as many as asked for, in fours
  low.set([9, 9, 9, 9, 9, 9, 9, 9]);
  high.fill(1);
  rows.compare(1, 2, 3);
  assert.deepEqual([...low], [1, 1, 1, 1, 9, 9, 9, 9]);
});

Deno.test("simd: squared distances are those of a plain loop in double precision", () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  for (const length of [1, 3, 4, 5, 100, 1001]) {
    const rows = new SimdRows(2, paddedLength(length));
    const [a, b] = rows.rows as [Float32Array, Float32Array];
    let expected = 0;
    for (let i = 0; i < length; i++) {
      a[i] = 1e20 * (random.uniform() - 0.5);
      b[i] = 1e20 * (random.uniform() - 0.5);
      expected += (a[i]! - b[i]!) ** 2;
    }
    const distance = rows.squaredDistance(0, 1, length);
    assert.ok(Math.abs(distance / expected - 1) < 1e-12, `seed ${seed}, length ${length}`);
    assert.equal(rows.squaredDistance(1, 1, length), 0);
  }
});

Deno.test("simd: what is not finite shows in the distance", () => {
  const rows = new SimdRows(2, 4);
  for (const odd of [NaN, Infinity, -Infinity]) {
    rows.rows[0]!.set([0, 0, odd, 0]);
    assert.ok(!Number.isFinite(rows.squaredDistance(0, 1, 4)));
  }
});

Deno.test("simd: the largest absolute value, and NaN or infinity if there is one", () => {
  const rows = new SimdRows(2, 12);
  const [, row] = rows.rows as [Float32Array, Float32Array];
  for (let place = 0; place < 12; place++) {
    for (const value of [3, -3, 1e-45, Infinity, -Infinity]) {
      row.fill(-0);
      row[place] = value;
      assert.equal(rows.largest(1, 12), Math.fround(Math.abs(value)), `${value} at ${place}`);
    }
    row.fill(Infinity);
    row[place] = NaN;
    assert.ok(Number.isNaN(rows.largest(1, 12)), `NaN at ${place}`);
  }
  row.fill(9);
  assert.equal(rows.largest(1, 4), 9);
});

Deno.test("simd: adding rows says the largest absolute value of those that are added, whatever their number", () => {
  const rows = new SimdRows(8, 8);
  for (let count = 1; count <= 7; count++) {
    for (let odd = 0; odd < count; odd++) {
      for (const value of [3, -3, 1e-45, Infinity, -Infinity, NaN]) {
        rows.rows.forEach((row) => row.fill(-0));
        // Neither the sum nor elements behind the end count.
        rows.rows[0]!.fill(9);
        rows.rows[1 + odd]!.set([0, 0, 0, 0, 0, 0, 9, 0]);
        rows.rows[1 + odd]![odd % 4] = value;
        const factors = Array<number>(count).fill(0.5);
        const largest = rows.addScaled(0, 1, factors, 4);
        assert.deepEqual(largest, Math.fround(Math.abs(value)), `${value} in ${odd} of ${count}`);
      }
    }
  }
});

Deno.test("simd: distances of four pairs at a time have the bits of one at a time", () => {
  const seed = Number(systemRandom.uint64() & 0xffff_ffffn);
  const random = seededRandom(seed);
  for (const length of [1, 4, 7, 1001]) {
    const [one, four] = [
      new SimdRows(6, paddedLength(length)),
      new SimdDoubles(6, paddedLength(length)),
    ];
    const vectors = Array.from(
      { length: 6 },
      () => Float32Array.from({ length }, () => 10 ** (60 * random.uniform() - 30) - 1e20),
    );
    vectors[2]![length - 1] = NaN;
    vectors[3]![0] = Infinity;
    // What a longer block has left behind the end does not count.
    for (let row = 0; row < 6; row++) {
      four.write(row, new Float32Array(paddedLength(length)).fill(7));
    }
    vectors.forEach((vector, row) => {
      one.rows[row]!.set(vector);
      four.write(row, vector);
    });
    for (let row = 0; row < 6; row++) {
      for (let first = 0; first < 6; first++) {
        const some = [...four.squaredDistances(row, first, length)].slice(0, 6 - first);
        const expected = some.map((_, i) => one.squaredDistance(row, first + i, length));
        assert.deepEqual(some, expected, `seed ${seed}, length ${length}, ${row} and ${first}`);
      }
    }
  }
});
