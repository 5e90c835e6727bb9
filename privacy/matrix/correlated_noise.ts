import { DiscreteGaussian } from "../noise/discrete_gaussian.ts";
import { gaussianStep } from "../noise/gaussian.ts";
import { toGrid } from "../noise/grid.ts";
import { derivedKey, KeyedEntropy, newKey } from "../noise/keyed_entropy.ts";

/** Samples that are drawn at once. */
const SAMPLES = 4096;

/** Parameters of the noise of all rounds. */
export interface CorrelatedNoiseOptions {
  /** The first column of C, with 1 on the diagonal: `squareRootBands`. */
  readonly column: Float64Array;
  /** n: number of rows of C, the most rounds that can be released. */
  readonly rounds: number;
}

/**
 * What determines the noise of the rounds so far, and of the next ones. Secret, because anyone who has it can subtract
 * the noise.
 */
export interface CorrelatedNoiseState {
  /** The key of the run. */
  readonly key: Uint8Array;
  /** A key per released round. */
  readonly rowKeys: readonly Uint8Array[];
}

/**
 * The noise C⁻¹·z of a run, one row after the other: w_t = z_t − Σ_i c_i·w_(t−i). It keeps only the rows of the last
 * bands.
 *
 * Rows are multiples of the grid's step, and the sum over earlier rows is rounded to it. So the release of a row is a
 * discrete Gaussian around x_t − Σ c_i·w_(t−i), however float64 rounds that sum: the noise's deviation includes the
 * largest rounding error.
 *
 * The noise of a row depends on a secret key and on the sum that it is added to (as the nonces of RFC 6979 do). So a resumed
 * run draws the same noise for the same sum, and independent noise for another one: two sums with the same noise would
 * reveal their difference.
 */
export class CorrelatedNoise {
  readonly #column: Float64Array;
  readonly #rounds: number;
  #key = newKey();
  #rowKeys: Uint8Array[] = [];
  /** The rows before the next one, the last first, in steps; one array for each of the sum's. */
  #rows: Float64Array[][] = [];
  /** Whether those rows are there: after a restart they are drawn again when the lengths are known. */
  #isDrawn = true;

  constructor({ column, rounds }: CorrelatedNoiseOptions) {
    this.#column = column;
    this.#rounds = rounds;
  }

  /** Number of rows so far. */
  get row(): number {
    return this.#rowKeys.length;
  }

  /** Begins another run, with another key. */
  reset(): void {
    this.restore({ key: newKey(), rowKeys: [] });
  }

  /** What a resumed run needs. Rows are drawn again from their keys. */
  state(): CorrelatedNoiseState {
    return { key: this.#key, rowKeys: [...this.#rowKeys] };
  }

  /** Continues from a state. */
  restore({ key, rowKeys }: CorrelatedNoiseState): void {
    this.#key = key;
    this.#rowKeys = [...rowKeys];
    this.#rows = [];
    this.#isDrawn = false;
  }

  /**
   * Adds the next row's noise to a sum.
   *
   * @param sum arrays whose numbers are multiples of `gaussianStep(deviation)`, of the same lengths in each row; changed in
   * place
   * @param deviation σ, of z: the same in each row. With 0 the row counts, and nothing is added.
   */
  add(sum: readonly Float64Array[], deviation: number): void {
    if (this.row >= this.#rounds) {
      throw new RangeError(`All ${this.#rounds} rows of noise are used`);
    }
    if (deviation === 0) {
      this.#rowKeys.push(this.#key);
      return;
    }
    const lengths = sum.map(({ length }) => length);
    const numbers = lengths.reduce((total, length) => total + length, 0);
    const step = gaussianStep(deviation);
    // The sum over earlier rows is off by half a step, and in float64 by a quarter of one for each addition and band: two
    // of them differ by at most `error` steps too much.
    const error = this.#column.length ** 2 + 1;
    const sensitivity = 1 + error * step / deviation * Math.sqrt(numbers * this.#rounds);
    const noise = new DiscreteGaussian(deviation / step * sensitivity);
    if (!this.#isDrawn) {
      for (const key of this.#rowKeys) this.#push(this.#drawRow(key, lengths, noise));
      this.#isDrawn = true;
    }
    const key = derivedKey(this.#key, [
      new TextEncoder().encode(`row ${this.row} of ${lengths}: `),
      ...sum.map(({ buffer, byteOffset, byteLength }) =>
        new Uint8Array(buffer, byteOffset, byteLength)
      ),
    ]);
    const row = this.#drawRow(key, lengths, noise);
    sum.forEach((values, a) => {
      for (let i = 0; i < values.length; i++) {
        values[i] = toGrid(values[i]!, step) + row[a]![i]! * step;
      }
    });
    this.#push(row);
    this.#rowKeys.push(key);
  }

  #drawRow(key: Uint8Array, lengths: readonly number[], noise: DiscreteGaussian): Float64Array[] {
    const entropy = new KeyedEntropy(key);
    return lengths.map((length, a) => {
      const values = new Float64Array(length);
      for (let from = 0; from < length; from += SAMPLES) {
        const part = values.subarray(from, Math.min(length, from + SAMPLES));
        const earlier = new Float64Array(part.length);
        this.#rows.forEach((row, i) => {
          const [factor, before] = [this.#column[i + 1]!, row[a]!];
          for (let k = 0; k < part.length; k++) earlier[k]! += factor * before[from + k]!;
        });
        noise.fill(part, entropy);
        for (let k = 0; k < part.length; k++) part[k]! -= Math.round(earlier[k]!);
      }
      return values;
    });
  }

  #push(row: Float64Array[]): void {
    this.#rows.unshift(row);
    for (const dropped of this.#rows.splice(this.#column.length - 1)) {
      for (const values of dropped) values.fill(0);
    }
  }
}
