import assert from "node:assert/strict";
import fc from "fast-check";
import { assertClose, countOf, randomInputs, real } from "../testing/compare.ts";
import { interpret } from "../testing/interpreter.ts";
import { ndArray } from "../testing/nd_array.ts";
import { MOST_COPIED_TWICE, patchesOf } from "./pool_patches.ts";

const HEIGHT = 6;
const WIDTH = 5;

/** Offsets by positions, each of them a place in the images or the padding. */
const placesIn = (length: number, offsets: number, positions: number) =>
  fc.array(
    fc.array(fc.integer({ min: -1, max: length - 1 }), {
      minLength: positions,
      maxLength: positions,
    }),
    { minLength: offsets, maxLength: offsets },
  );

const size = fc.integer({ min: 1, max: 5 });

Deno.test("patches in one step and in two have the elements of their places", () => {
  const steps = new Set<number>();
  const cases = fc.tuple(size, size, size, size).chain(([a, b, p, q]) =>
    fc.record({ down: placesIn(HEIGHT, a, p), across: placesIn(WIDTH, b, q) })
  );
  fc.assert(
    fc.property(cases, fc.constantFrom(1, 2, MOST_COPIED_TWICE + 1), (places, batch) => {
      const channels = 2;
      const pixels = real("x", [channels * HEIGHT * WIDTH, batch]);
      const patches = patchesOf(pixels, { channels, input: [HEIGHT, WIDTH], ...places });
      const copies = countOf([patches], "gatherSum");
      assert.ok(batch <= MOST_COPIED_TWICE || copies === 1, "large batches are copied once");
      steps.add(copies);
      const numbers = randomInputs([patches], 1);
      const x = numbers.get("x")!;
      const expected: number[] = [];
      for (let c = 0; c < channels; c++) {
        for (const [down, across] of places.down.flatMap((h) => places.across.map((w) => [h, w]))) {
          for (const h of down!) {
            for (const w of across!) {
              const first = ((c * HEIGHT + h) * WIDTH + w) * batch;
              for (let i = 0; i < batch; i++) {
                expected.push(h < 0 || w < 0 ? 0 : x.data[first + i]!);
              }
            }
          }
        }
      }
      const [got] = interpret([patches], numbers);
      const flat = ndArray([expected.length], (i) => expected[i]!);
      assertClose({ shape: [got!.data.length], data: got!.data }, flat, 0, "patches");
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([...steps].sort(), [1, 2]);
});
