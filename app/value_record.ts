import { FlwrError } from "../base/error.ts";
import { describeType } from "./brand.ts";
import { type Named, namedEntries } from "./named_map.ts";

/**
 * An ordered map from names to values that keep their wire type: a received double 1.0 is read as the number 1 and sent
 * again as the double 1.0. The base of MetricRecord and ConfigRecord.
 *
 * @typeParam T a value with its wire type
 * @typeParam V a value as apps read it
 * @typeParam I a value that apps can set
 */
export abstract class ValueRecord<T extends { readonly type: string }, V, I>
  implements Iterable<[string, V]> {
  #values = new Map<string, T>();

  /** Copies the entries, in their order. */
  constructor(source: Named<I> = []) {
    for (const [name, value] of namedEntries(source)) this.set(name, value);
  }

  /** Determines the wire type of an input. @throws FlwrError "invalid-argument" when there is none */
  protected abstract admit(value: unknown): T;
  /** The value for apps. */
  protected abstract plain(typed: T): V;
  /** Whether this record can contain a value of the given wire type. */
  protected abstract allowsType(type: string): boolean;

  /** The number of entries. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether there is an entry with this name. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value with this name; undefined if there is none. */
  get(name: string): V | undefined {
    const typed = this.#values.get(name);
    return typed && this.plain(typed);
  }

  /**
   * Sets the value of a name. A new name is added at the end; a known one keeps its place.
   *
   * @throws FlwrError "invalid-argument" when the name is not a string or no wire type fits the value
   */
  set(name: string, value: I): this {
    checkName(name);
    try {
      this.#values.set(name, this.admit(value));
    } catch (error) {
      if (!(error instanceof FlwrError)) throw error;
      throw new FlwrError(error.code, `Value "${name}": ${error.message}`, { hints: error.hints });
    }
    return this;
  }

  /** The value with its wire type. */
  typed(name: string): T | undefined {
    return this.#values.get(name);
  }

  /** Sets a value whose wire type is known. @throws FlwrError "invalid-argument" as {@link set} */
  setTyped(name: string, typed: T): this {
    checkName(name);
    if (!this.allowsType(typed.type)) {
      throw new FlwrError(
        "invalid-argument",
        `Value "${name}" has a type that this record cannot contain: "${typed.type}"`,
      );
    }
    this.#values.set(name, typed);
    return this;
  }

  /** Removes an entry. @returns whether it existed */
  delete(name: string): boolean {
    return this.#values.delete(name);
  }

  /** The names, in order. */
  keys(): MapIterator<string> {
    return this.#values.keys();
  }

  /** Names and values with their wire types, in order. */
  typedEntries(): MapIterator<[string, T]> {
    return this.#values.entries();
  }

  /** Names and values, in order. */
  *entries(): Generator<[string, V], void, undefined> {
    for (const [name, typed] of this.#values) yield [name, this.plain(typed)];
  }

  /** Names and values, in order. */
  [Symbol.iterator](): Iterator<[string, V], void, undefined> {
    return this.entries();
  }

  /** The values as a plain object. */
  toObject(): { [name: string]: V } {
    return Object.fromEntries(this.entries());
  }

  /**
   * The number under a name; a bigint is rounded to the nearest number.
   *
   * @param fallback returned if there is no value
   * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a number
   */
  number(name: string, fallback?: number): number {
    const value = this.get(name);
    if (typeof value === "bigint") return Number(value);
    return this.expect<number>(name, value, NUMBER, fallback);
  }

  /**
   * A copy of the list of numbers under a name; bigints are rounded to the nearest number.
   *
   * @param fallback returned if there is no value
   * @throws FlwrError "not-found" without a value and fallback, "invalid-argument" when the value is not a list of
   * numbers
   */
  numbers(name: string, fallback?: readonly number[]): number[] {
    return Array.from(this.expect(name, this.get(name), NUMBERS, fallback), Number);
  }

  /** The value if it has the expected type, the fallback if there is no value; otherwise throws. */
  protected expect<X>(
    name: string,
    value: V | undefined,
    type: { readonly name: string; is(value: unknown): value is X },
    fallback: X | undefined,
  ): X {
    if (type.is(value)) return value;
    if (value !== undefined) {
      throw new FlwrError(
        "invalid-argument",
        `Value "${name}" is not a ${type.name}: got ${describeType(value)}`,
      );
    }
    if (fallback !== undefined) return fallback;
    const there = [...this.keys()].map((key) => `"${key}"`).join(", ") || "none";
    throw new FlwrError("not-found", `Value "${name}" is not in the record, which has: ${there}`);
  }
}

const NUMBER = {
  name: "number",
  is: (value: unknown): value is number => typeof value === "number",
};

const NUMBERS = {
  name: "list of numbers",
  is: (value: unknown): value is readonly (number | bigint)[] =>
    Array.isArray(value) &&
    value.every((item) => typeof item === "number" || typeof item === "bigint"),
};

function checkName(name: unknown): void {
  if (typeof name !== "string") {
    throw new FlwrError("invalid-argument", `A name must be a string: got ${describeType(name)}`);
  }
}
