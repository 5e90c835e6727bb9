import assert from "node:assert/strict";
import { gaussianStep } from "../noise/gaussian.ts";
import { CorrelatedNoise } from "./correlated_noise.ts";
import { inverseColumn, squareRootBands } from "./toeplitz.ts";

const forTestsKey = Uint8Array.from({ length: 32 }, (_, i) => i);

/** Noise with a known key. */
function forTestsNoise(bands: number, rounds: number): CorrelatedNoise {
  const noise = new CorrelatedNoise({ column: squareRootBands(bands), rounds });
  noise.restore({ key: forTestsKey, rowKeys: [] });
  return noise;
}

/** Rows of noise alone, added to sums of zero. */
function rowsOf(noise: CorrelatedNoise, count: number, length: number, deviation = 1) {
  return Array.from({ length: count }, () => {
    const sum = [new Float64Array(length), new Float64Array(1)];
    noise.add(sum, deviation);
    return sum[0]!;
  });
}

Deno.test("correlated noise has the covariance σ² · C⁻¹ · C⁻ᵀ", () => {
  const [rounds, length, deviation, bands] = [6, 40_000, 2.5, 3];
  const rows = rowsOf(forTestsNoise(bands, rounds), rounds, length, deviation);
  const inverse = inverseColumn(squareRootBands(bands), rounds);
  for (let s = 0; s < rounds; s++) {
    for (let t = s; t < rounds; t++) {
      let expected = 0;
      for (let i = 0; i <= s; i++) expected += inverse[s - i]! * inverse[t - i]!;
      const mean = rows[s]!.reduce((sum, x, i) => sum + x * rows[t]![i]!, 0) / length;
      const error = Math.abs(mean / deviation ** 2 - expected);
      // A product of two such numbers has a deviation of less than 2.5.
      assert.ok(error < 5 * 2.5 / Math.sqrt(length), `${s} ${t}: ${mean}, ${expected}`);
    }
  }
});

Deno.test("C times the rows is independent noise again, to the rounding of the grid", () => {
  const [rounds, length, bands] = [10, 5000, 4];
  const rows = rowsOf(forTestsNoise(bands, rounds), rounds, length);
  const column = squareRootBands(bands);
  const step = gaussianStep(1);
  for (let t = 0; t < rounds; t++) {
    const independent = rows[t]!.map((x, i) => {
      let sum = x;
      for (let j = 1; j < bands && j <= t; j++) sum += column[j]! * rows[t - j]![i]!;
      return sum;
    });
    const variance = independent.reduce((sum, z) => sum + z * z, 0) / length;
    assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / length), `${t}: ${variance}`);
    assert.ok(rows[t]!.every((x) => Number.isInteger(x / step)), "multiples of the step");
    if (t === 0) continue;
    const before = rows[t - 1]!;
    const mean = independent.reduce((sum, z, i) => sum + z * before[i]!, 0) / length;
    assert.ok(Math.abs(mean) < 5 * 2 / Math.sqrt(length), `not that of the row before: ${mean}`);
  }
});

Deno.test("a state goes on with the same bits, after any row", () => {
  const [rounds, length] = [7, 5000];
  const whole = rowsOf(forTestsNoise(3, rounds), rounds, length);
  for (let cut = 0; cut < rounds; cut++) {
    const before = forTestsNoise(3, rounds);
    rowsOf(before, cut, length);
    const after = new CorrelatedNoise({ column: squareRootBands(3), rounds });
    after.restore(before.state());
    assert.equal(after.row, cut);
    rowsOf(after, rounds - cut, length).forEach((row, i) =>
      assert.deepEqual(row, whole[cut + i], `cut ${cut}, row ${cut + i}`)
    );
  }
});

Deno.test("another sum gets independent noise: its difference to the first is not that of the sums", () => {
  const [first, second] = [0, 1].map((x) => {
    const sum = [new Float64Array(1000).fill(x)];
    forTestsNoise(2, 3).add(sum, 1);
    return sum[0]!;
  });
  const differences = new Set(first!.map((x, i) => x - second![i]!));
  assert.ok(differences.size > 900, `${differences.size}`);
});

Deno.test("each run has noise of its own, and no more rows than were planned", () => {
  const noise = () => new CorrelatedNoise({ column: squareRootBands(2), rounds: 2 });
  assert.notDeepEqual(rowsOf(noise(), 1, 100), rowsOf(noise(), 1, 100));
  const used = noise();
  const [first] = rowsOf(used, 2, 100);
  assert.throws(() => rowsOf(used, 1, 100), RangeError);
  used.reset();
  assert.equal(used.row, 0);
  assert.notDeepEqual(rowsOf(used, 1, 100)[0], first);
});

Deno.test("one band is independent noise, without memory", () => {
  const [first, second] = rowsOf(forTestsNoise(1, 2), 2, 20_000);
  const mean = first!.reduce((sum, x, i) => sum + x * second![i]!, 0) / 20_000;
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(20_000), `${mean}`);
});
