import { FlwrError } from "../base/error.ts";
import { describeType } from "./brand.ts";

/** Names with values, from which a record can be made. */
export type Named<V> =
  | Iterable<readonly [string, V]>
  | { readonly [name: string]: V };

/** The pairs of {@link Named}, in order. */
export function namedEntries<V>(source: Named<V>): Iterable<readonly [string, V]> {
  return Symbol.iterator in source
    ? source as Iterable<readonly [string, V]>
    : Object.entries(source as { readonly [name: string]: V });
}

/**
 * An ordered map whose keys are names and whose values are checked on the way in.
 *
 * @typeParam V what is kept and read
 * @typeParam I what may be put in
 */
export abstract class NamedMap<V, I = V> implements Iterable<[string, V]> {
  #map = new Map<string, V>();

  /** Copies the entries, in their order. */
  constructor(source: Named<I> = []) {
    for (const [name, value] of namedEntries(source)) this.set(name, value);
  }

  /** Turns what is put in into what is kept. @throws FlwrError "invalid-argument" where it cannot be kept */
  protected abstract admit(value: I): V;

  /** The number of entries. */
  get size(): number {
    return this.#map.size;
  }

  /** Whether there is an entry of this name. */
  has(name: string): boolean {
    return this.#map.has(name);
  }

  /** The value of this name, or undefined. */
  get(name: string): V | undefined {
    return this.#map.get(name);
  }

  /**
   * Puts a value under a name: at the end, or in the place of the one that is there.
   *
   * @throws FlwrError "invalid-argument" when the name is not a string or the value is of a wrong type
   */
  set(name: string, value: I): this {
    if (typeof name !== "string") {
      throw new FlwrError("invalid-argument", `A name is a string: got ${describeType(name)}`);
    }
    try {
      this.#map.set(name, this.admit(value));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      throw new FlwrError(error.code, `"${name}": ${error.message}`, { hints: error.hints });
    }
    return this;
  }

  /** Removes an entry. Returns whether it was there. */
  delete(name: string): boolean {
    return this.#map.delete(name);
  }

  /** The names, in order. */
  keys(): MapIterator<string> {
    return this.#map.keys();
  }

  /** The values, in order. */
  values(): MapIterator<V> {
    return this.#map.values();
  }

  /** Names and values, in order. */
  entries(): MapIterator<[string, V]> {
    return this.#map.entries();
  }

  /** Names and values, in order. */
  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  /** The names as an error sentence lists them. */
  protected listNames(): string {
    return this.size === 0 ? "none" : [...this.keys()].map((name) => `"${name}"`).join(", ");
  }
}
