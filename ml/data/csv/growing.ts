/**
 * A growing list of doubles in memory that doubles when it is full: 8 bytes per cell, less than the cell's text needs.
 */
export class GrowingDoubles {
  #values = new Float64Array(1024);
  #length = 0;

  /** All values so far; a view that is valid until the next value is added. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The last value; undefined if there are none. */
  get last(): number | undefined {
    return this.#length === 0 ? undefined : this.#values[this.#length - 1];
  }

  /** Adds a value at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }
}
