import assert from "node:assert/strict";
import {
  bestBands,
  inverseColumn,
  type ParticipationSchema,
  prefixError,
  sensitivityOf,
  squareRootBands,
} from "./toeplitz.ts";

type Matrix = number[][];

/** A lower triangular Toeplitz matrix. */
function toeplitz(column: Float64Array, n: number): Matrix {
  return Array.from(
    { length: n },
    (_, t) => Array.from({ length: n }, (_, s) => s <= t ? column[t - s] ?? 0 : 0),
  );
}

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, i) => sum + x * b[i]![j]!, 0)));
}

function assertClose(a: Matrix, b: Matrix): void {
  a.forEach((row, i) =>
    row.forEach((x, j) => assert.ok(Math.abs(x - b[i]![j]!) < 1e-12, `${i} ${j}`))
  );
}

const identity = (n: number) => toeplitz(Float64Array.of(1), n);
const ones = (n: number) => toeplitz(new Float64Array(n).fill(1), n);

Deno.test("square root: C · C = A without a cut, with the coefficients of the paper", () => {
  assert.deepEqual([...squareRootBands(5)], [1, 1 / 2, 3 / 8, 5 / 16, 35 / 128]);
  const root = toeplitz(squareRootBands(20), 20);
  assertClose(product(root, root), ones(20));
});

Deno.test("factorisation: C · C⁻¹ = 1, and B · C = A, for each number of bands", () => {
  for (const bands of [1, 2, 3, 7, 16]) {
    const column = squareRootBands(bands);
    const [c, inverse] = [toeplitz(column, 16), toeplitz(inverseColumn(column, 16), 16)];
    assertClose(product(c, inverse), identity(16));
    assertClose(product(product(ones(16), inverse), c), ones(16));
  }
});

/** All sets of rounds that a participant may join. */
function* participations(
  { rounds, minSeparation, maxParticipations }: ParticipationSchema,
  from = 0,
  count = 0,
): Generator<number[]> {
  yield [];
  if (count === maxParticipations) return;
  for (let t = from; t < rounds; t++) {
    const schema = { rounds, minSeparation, maxParticipations };
    for (const rest of participations(schema, t + minSeparation, count + 1)) yield [t, ...rest];
  }
}

Deno.test("sensitivity: equal to the largest over all rounds that a participant may join, and all signs", () => {
  for (const rounds of [1, 4, 7, 9]) {
    for (const minSeparation of [1, 2, 3, 5]) {
      for (const maxParticipations of [1, 2, 4]) {
        const schema = { rounds, minSeparation, maxParticipations };
        for (const bands of [1, 2, 3, 6]) {
          const column = squareRootBands(bands);
          const c = toeplitz(column, rounds);
          let most = 0;
          for (const joined of participations(schema)) {
            for (let signs = 0; signs < 2 ** joined.length; signs++) {
              const changes = joined.map((t, i) => [t, signs >> i & 1 ? -1 : 1] as const);
              const squares = c.map((row) =>
                changes.reduce((sum, [t, sign]) => sum + sign * row[t]!, 0) ** 2
              );
              most = Math.max(most, Math.sqrt(squares.reduce((sum, x) => sum + x, 0)));
            }
          }
          const computed = sensitivityOf(column, schema);
          const name = `${JSON.stringify(schema)}, ${bands} bands: ${computed}, ${most}`;
          assert.ok(Math.abs(computed - most) < 1e-12, name);
        }
      }
    }
  }
});

Deno.test("sensitivity: with bands up to the separation it is √k times the norm of a column", () => {
  const column = squareRootBands(5);
  const norm = Math.hypot(...column);
  const schema = { rounds: 100, minSeparation: 5, maxParticipations: 20 };
  assert.ok(Math.abs(sensitivityOf(column, schema) - Math.sqrt(20) * norm) < 1e-12);
  // The last column that begins in round 96 has no more than its five rounds either; one that is cut off has less.
  const cut = sensitivityOf(column, { ...schema, rounds: 98 });
  const lost = column[3]! ** 2 + column[4]! ** 2;
  assert.ok(Math.abs(cut - Math.sqrt(20 * norm ** 2 - lost)) < 1e-12);
});

Deno.test("error: that of A · C⁻¹ by matrices, and well below independent noise at equal ε", () => {
  const rounds = 16;
  for (const bands of [1, 4, 16]) {
    const column = squareRootBands(bands);
    const b = product(ones(rounds), toeplitz(inverseColumn(column, rounds), rounds));
    const squares = b.flat().reduce((sum, x) => sum + x * x, 0);
    assert.ok(Math.abs(prefixError(column, rounds) - Math.sqrt(squares / rounds)) < 1e-12);
  }
  for (
    const [rounds, minSeparation, maxParticipations, bands, gain] of [
      [1000, 1000, 1, 32, 4.08],
      [1000, 100, 10, 32, 4.08],
      [200, 20, 10, 20, 3.06],
      [50, 5, 10, 5, 1.79],
      [20, 2, 10, 2, 1.28],
      // A participant in every round: nothing is better than independent noise.
      [20, 1, 20, 1, 1],
    ] as const
  ) {
    const schema = { rounds, minSeparation, maxParticipations };
    const error = (bands: number) => {
      const column = squareRootBands(bands);
      return sensitivityOf(column, schema) * prefixError(column, rounds);
    };
    assert.equal(bestBands(schema), bands);
    const factor = error(1) / error(bands);
    assert.ok(
      factor >= gain && factor < gain + 0.01,
      `${rounds} rounds, ${bands} bands: ${factor}`,
    );
  }
});
