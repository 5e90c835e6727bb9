import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { tensor } from "../../tensor/tensor.ts";
import { mixBits } from "../../base/random.ts";
import { uniform } from "../graph/random.ts";
import { constant } from "../graph/value.ts";
import { OPTIMIZED } from "../lower/passes.ts";
import { LocalEngine } from "../session/local_engine.ts";
import { evaluateOnnx } from "../testing/evaluate_onnx.ts";
import { augment, type Augmentation, checkAugmentation } from "./augment.ts";

const SHAPE = [2, 4, 5];
const BATCH = 200;
const SIZE = 40;

/** The same image repeated: pixel (c, h, w) is 100 c + 10 h + w + 1. */
const PICTURE = Float32Array.from(
  { length: SIZE },
  (_, i) => 100 * Math.floor(i / 20) + 10 * (Math.floor(i / 5) % 4) + i % 5 + 1,
);
const PICTURES = tensor(
  "float32",
  [BATCH, ...SHAPE],
  Float32Array.from({ length: BATCH * SIZE }, (_, i) => PICTURE[i % SIZE]!),
);

/** The image, mirrored and moved as torchvision does it. */
function moved(dy: number, dx: number, flipped: boolean): string {
  return Array.from(PICTURE, (_, i) => {
    const [c, h, w] = [Math.floor(i / 20), Math.floor(i / 5) % 4 + dy, i % 5 + dx];
    if (h < 0 || h >= 4 || w < 0 || w >= 5) return 0;
    return 100 * c + 10 * h + (flipped ? 4 - w : w) + 1;
  }).join();
}

async function augmented(
  engine: LocalEngine,
  augmentation: Augmentation,
  seed: number,
): Promise<string[]> {
  const key = constant(tensor("uint32", [], Uint32Array.of(mixBits(seed))));
  let salt = 0;
  const result = augment(constant(PICTURES), augmentation, (shape) => uniform(key, salt++, shape));
  assert.deepEqual(result.shape, PICTURES.shape);
  const [pictures] = await evaluateOnnx(engine, [result], new Map(), OPTIMIZED);
  return Array.from(
    { length: BATCH },
    (_, i) => pictures!.data.slice(i * SIZE, (i + 1) * SIZE).join(),
  );
}

Deno.test("each image is mirrored and moved as a whole, all combinations about equally often", async () => {
  await using engine = await LocalEngine.create(1);
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.integer({ min: 0, max: 2 }),
      fc.integer(),
      async (horizontalFlip, crop, seed) => {
        const counts = new Map<string, number>();
        for (const picture of await augmented(engine, { horizontalFlip, crop }, seed)) {
          counts.set(picture, (counts.get(picture) ?? 0) + 1);
        }
        const possible: string[] = [];
        for (let dy = -crop; dy <= crop; dy++) {
          for (let dx = -crop; dx <= crop; dx++) {
            for (const flipped of horizontalFlip ? [false, true] : [false]) {
              possible.push(moved(dy, dx, flipped));
            }
          }
        }
        for (const picture of counts.keys()) assert.ok(possible.includes(picture), picture);
        const mean = BATCH / possible.length;
        const most = Math.max(...counts.values());
        assert.ok(
          most < mean + 6 * Math.sqrt(mean),
          `one of ${possible.length} came ${most} times`,
        );
        assert.ok(counts.size > possible.length / 2, `${counts.size} of ${possible.length} came`);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("without options nothing changes", async () => {
  await using engine = await LocalEngine.create(1);
  const [first] = await augmented(engine, {}, 1);
  assert.equal(first, PICTURE.join());
});

Deno.test("examples that are not images, and crops that leave nothing, are refused", () => {
  const refused = (pattern: RegExp) => (error: unknown) =>
    error instanceof FlwrError && error.code === "invalid-argument" && pattern.test(error.message);
  assert.throws(
    () => checkAugmentation({ horizontalFlip: true }, [784]),
    refused(/images \[channels, height, width\]: got examples \[784\]/),
  );
  for (const crop of [-1, 4, 1.5, NaN]) {
    assert.throws(() => checkAugmentation({ crop }, SHAPE), refused(/from 0 .*\[2, 4, 5\]: got/));
  }
});
