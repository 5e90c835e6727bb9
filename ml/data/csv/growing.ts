/** Doubles, one after the other, in memory that doubles when it is full: 8 bytes for a cell whose text has many more. */
export class GrowingDoubles {
  #values = new Float64Array(1024);
  #length = 0;

  /** Those that are there; a view until the next is added. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The last one; undefined where there is none. */
  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#values[this.#length - 1];
  }

  /** Adds one at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }
}
