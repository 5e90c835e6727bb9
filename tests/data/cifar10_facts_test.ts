/**
 * What is known about CIFAR-10, checked against the real data set. It is fetched elsewhere (scripts/fetch-data.ts, the
 * demo); on a machine without it these tests are skipped by name.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cacheFolder } from "../../ml/data/cache_folder.ts";
import { loadCifar10 } from "../../ml/data/cifar10/load.ts";
import { DATA_FILE } from "../../ml/data/cifar10/prepare.ts";
import type { ImageDataset } from "../../ml/data/image_dataset.ts";

const path = join(cacheFolder(), "cifar10", DATA_FILE);
const ignore = !await Deno.stat(path).then(({ isFile }) => isFile, () => false);
const suffix = ignore
  ? ` (skipped: "${path}" is not there, fetch it with scripts/fetch-data.ts)`
  : "";

/** Mean of each channel over all pixels, 0 to 1. */
function channelMeans({ x }: ImageDataset): number[] {
  const area = 32 * 32;
  const sums = [0, 0, 0];
  for (let at = 0; at < x.data.length; at += area) {
    let sum = 0;
    for (let i = at; i < at + area; i++) sum += x.data[i]!;
    sums[at / area % 3]! += sum;
  }
  return sums.map((sum) => sum / 255 / (x.data.length / 3));
}

function classCounts({ y }: ImageDataset): number[] {
  const counts = Array<number>(10).fill(0);
  for (const label of y.data) counts[Number(label)]!++;
  return counts;
}

Deno.test({
  name: `cifar10: the real data set has its published counts, means and first labels${suffix}`,
  ignore,
  fn: async () => {
    const { train, test } = await loadCifar10();
    assert.deepEqual(train.x.shape, [50_000, 3, 32, 32]);
    assert.deepEqual(test.x.shape, [10_000, 3, 32, 32]);
    assert.deepEqual(classCounts(train), Array(10).fill(5000));
    assert.deepEqual(classCounts(test), Array(10).fill(1000));
    // The means that training scripts everywhere normalise with.
    assert.deepEqual(channelMeans(train).map((mean) => mean.toFixed(4)), [
      "0.4914",
      "0.4822",
      "0.4465",
    ]);
    assert.deepEqual([...train.y.data.slice(0, 5)].map(Number), [6, 9, 9, 4, 1]);
    assert.deepEqual([...test.y.data.slice(0, 10)].map(Number), [
      3,
      8,
      8,
      0,
      6,
      6,
      1,
      6,
      3,
      1,
    ]);
  },
});

Deno.test({
  name: `cifar10: a row of the real data set is an image, not a scanline${suffix}`,
  ignore,
  fn: async () => {
    const { train } = await loadCifar10({ trainLimit: 500, testLimit: 1 });
    const pixels = train.x.data;
    // In a photograph, a pixel resembles the one below it much more than one half an image away.
    const difference = (distance: number) => {
      let sum = 0;
      for (let at = 0; at < pixels.length; at += 1024) {
        for (let i = 0; i < 512; i++) sum += Math.abs(pixels[at + i]! - pixels[at + i + distance]!);
      }
      return sum;
    };
    assert(difference(32) * 2 < difference(32 * 16), "neighbouring rows resemble each other");
    assert(difference(1) * 2 < difference(32 * 16), "neighbouring columns resemble each other");
  },
});
