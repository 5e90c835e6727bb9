import fc from "fast-check";

/** One way in which bytes are spoilt. Places are fractions of the length, so that they fit whatever is spoilt. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "truncate"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "overwrite"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number };

const at = fc.double({ min: 0, max: 1, noNaN: true });
const few = fc.uint8Array({ minLength: 1, maxLength: 12 });

/** No mutation, or up to four. */
export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("truncate" as const), at }) },
    fc.record({ kind: fc.constant("insert" as const), at, bytes: few }),
    fc.record({ kind: fc.constant("overwrite" as const), at, bytes: few }),
    fc.record({
      kind: fc.constant("repeat" as const),
      at,
      length: fc.integer({ min: 1, max: 64 }),
    }),
  ),
  { maxLength: 4 },
);

/** Spoils bytes; those that are handed in stay as they are. */
export function mutate(bytes: Uint8Array, all: readonly Mutation[]): Uint8Array {
  let result = bytes.slice();
  for (const mutation of all) {
    const place = Math.floor(mutation.at * result.length);
    switch (mutation.kind) {
      case "flip":
        if (place < result.length) result[place]! ^= 1 << mutation.bit;
        break;
      case "truncate":
        result = result.slice(0, place);
        break;
      case "insert":
        result = joined(result.subarray(0, place), mutation.bytes, result.subarray(place));
        break;
      case "overwrite":
        result.set(mutation.bytes.subarray(0, result.length - place), place);
        break;
      case "repeat": {
        const piece = result.subarray(place, place + mutation.length);
        result = joined(result.subarray(0, place), piece, result.subarray(place));
        break;
      }
    }
  }
  return result;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
