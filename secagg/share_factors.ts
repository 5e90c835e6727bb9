import {
  addTo,
  type Element,
  ELEMENT_BYTES,
  elementAt,
  inverse,
  smallElement,
  times,
  timesSmall,
} from "./gf128.ts";

/** Sets of numbers that are remembered: in a round nearly all secrets have shares of the same numbers. */
const REMEMBERED = 16;

/**
 * The factors of shares, computed once for each set of numbers. Use one object for the secrets of one round, and never show
 * anyone its random factors: nobody who gives a share may know them.
 */
export class ShareFactors {
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #atZero = new Map<string, readonly Element[]>();
  readonly #checks = new Map<string, readonly Element[]>();

  /** @param randomBytes a cryptographic generator, for the random polynomials */
  constructor(
    randomBytes: (count: number) => Uint8Array = (count) =>
      crypto.getRandomValues(new Uint8Array(count)),
  ) {
    this.#randomBytes = randomBytes;
  }

  /**
   * λⱼ = Π_{m ≠ j} xₘ / (xⱼ + xₘ): what the value at xⱼ counts in the value at 0.
   *
   * @param numbers all different, from 1
   */
  atZero(numbers: readonly number[]): readonly Element[] {
    return remembered(this.#atZero, numbers.join(), () => lagrangeAtZero(numbers));
  }

  /**
   * vⱼ · r(xⱼ), for a random polynomial r: the factors of the check whether values lie on one polynomial of degree
   * threshold − 1.
   *
   * @param numbers all different, from 1; more than the threshold
   */
  check(numbers: readonly number[], threshold: number): readonly Element[] {
    return remembered(this.#checks, `${threshold}:${numbers.join()}`, () => {
      const extra = numbers.length - threshold;
      const bytes = this.#randomBytes(extra * ELEMENT_BYTES);
      const coefficients = Array.from(
        { length: extra },
        (_, i) => elementAt(bytes, i * ELEMENT_BYTES),
      );
      return dualFactors(numbers).map((factor, i) => {
        let value = smallElement(0);
        for (const coefficient of coefficients) {
          value = timesSmall(value, numbers[i]!);
          addTo(value, coefficient);
        }
        return times(factor, value);
      });
    });
  }
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
  const made = make();
  known.set(key, made);
  return made;
}

/**
 * vⱼ = Π_{m ≠ j} 1 / (xⱼ + xₘ).
 *
 * @param numbers all different, from 1
 */
export function dualFactors(numbers: readonly number[]): Element[] {
  return quotients(
    smallElement(1),
    numbers.map((number) =>
      numbers.reduce(
        (product, other) => other === number ? product : timesSmall(product, other ^ number),
        smallElement(1),
      )
    ),
  );
}

/** λⱼ = Π_{m ≠ j} xₘ / (xⱼ + xₘ): what the value at xⱼ counts in the value at 0. */
function lagrangeAtZero(numbers: readonly number[]): Element[] {
  const product = numbers.reduce(timesSmall, smallElement(1));
  // xⱼ · Π (xⱼ + xₘ), so that λⱼ is the product of all numbers divided by it.
  const divisors = numbers.map((number) =>
    numbers.reduce(
      (sum, other) => timesSmall(sum, other === number ? number : number ^ other),
      smallElement(1),
    )
  );
  return quotients(product, divisors);
}

/** A dividend by each divisor. One inversion serves all (Montgomery's trick). */
function quotients(dividend: Element, divisors: readonly Element[]): Element[] {
  const before: Element[] = [];
  let all = smallElement(1);
  for (const divisor of divisors) {
    before.push(all);
    all = times(all, divisor);
  }
  let inverted = times(inverse(all), dividend);
  const results: Element[] = [];
  for (let i = divisors.length - 1; i >= 0; i--) {
    results[i] = times(inverted, before[i]!);
    inverted = times(inverted, divisors[i]!);
  }
  return results;
}
