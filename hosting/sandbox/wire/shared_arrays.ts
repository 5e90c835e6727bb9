import type { PlainRecordDict } from "../../../app/transferable.ts";

/** Bytes of an array from which sharing it is faster than copying it with the message. */
const SHARED_FROM = 4096;

/**
 * The arrays of instructions in memory that threads share. A strategy sends one model to many nodes, so an array that is
 * sent for the second time is copied into shared memory once, and messages then only refer to it.
 *
 * The bytes of an array never change (`NdArray.data`), so its `data` identifies it.
 */
export class SharedArrays {
  /** The shared copies, by the array's own bytes; undefined for an array that was sent once. */
  readonly #copies = new WeakMap<Uint8Array, Uint8Array | undefined>();

  /**
   * The same records, with shared memory in place of the arrays that were sent before.
   *
   * @param options `atOnce`: also in place of those that were not (default false)
   */
  share(records: PlainRecordDict, options: { readonly atOnce?: boolean } = {}): PlainRecordDict {
    const { atOnce = false } = options;
    return mapArrays(records, (data) => {
      if (data.byteLength < SHARED_FROM) return data;
      if (!atOnce && !this.#copies.has(data)) {
        this.#copies.set(data, undefined);
        return data;
      }
      let copy = this.#copies.get(data);
      if (copy === undefined) {
        copy = new Uint8Array(new SharedArrayBuffer(data.byteLength));
        copy.set(data);
        this.#copies.set(data, copy);
      }
      return copy;
    });
  }
}

/** The same records, with a copy of every array that is in shared memory: an app may change what it gets. */
export function unshared(records: PlainRecordDict): PlainRecordDict {
  return mapArrays(
    records,
    (data) => data.buffer instanceof SharedArrayBuffer ? data.slice() : data,
  );
}

/** Returns the same records, with other bytes of their arrays. */
export function mapArrays(
  records: PlainRecordDict,
  change: (data: Uint8Array) => Uint8Array,
): PlainRecordDict {
  return records.map(([name, record]) => {
    if (record.kind !== "arrays") return [name, record];
    const items = record.items.map(([key, array]) =>
      [key, { ...array, data: change(array.data) }] as const
    );
    return [name, { ...record, items }];
  });
}
