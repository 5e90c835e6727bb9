import { FlwrError } from "../base/error.ts";
import { describeType } from "./brand.ts";

/** Names with values, from which a record can be created. */
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
 * An ordered map whose keys are names and whose values are checked when they are added.
 *
 * @typeParam V type of the stored values
 * @typeParam I type of the values that can be added
 */
export abstract class NamedMap<V, I = V> implements Iterable<[string, V]> {
  #map = new Map<string, V>();

  /** Copies the entries, in their order. */
  constructor(source: Named<I> = []) {
    for (const [name, value] of namedEntries(source)) this.set(name, value);
  }

  /** Converts an added value to the stored one. @throws FlwrError "invalid-argument" when it is not allowed */
  protected abstract admit(value: I): V;

  /** The number of entries. */
  get size(): number {
    return this.#map.size;
  }

  /** Whether there is an entry with this name. */
  has(name: string): boolean {
    return this.#map.has(name);
  }

  /** The value with this name; undefined if there is none. */
  get(name: string): V | undefined {
    return this.#map.get(name);
  }

  /**
   * Sets the value of a name. A new name is added at the end; a known one keeps its place.
   *
   * @throws FlwrError "invalid-argument" when the name is not a string or the value has a wrong type
   */
  set(name: string, value: I): this {
    if (typeof name !== "string") {
      throw new FlwrError("invalid-argument", `A name must be a string: got ${describeType(name)}`);
    }
    try {
      this.#map.set(name, this.admit(value));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      throw new FlwrError(error.code, `"${name}": ${error.message}`, { hints: error.hints });
    }
    return this;
  }

  /** Removes an entry. @returns whether it existed */
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

  /** The names, as error messages list them. */
  protected listNames(): string {
    return this.size === 0 ? "none" : [...this.keys()].map((name) => `"${name}"`).join(", ");
  }
}
