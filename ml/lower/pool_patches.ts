import type { Pair } from "../graph/geometry.ts";
import { indexTable } from "../graph/index_table.ts";
import { gatherSum } from "../graph/indexing.ts";
import { reshape } from "../graph/movement.ts";
import type { Value } from "../graph/value.ts";

/**
 * Largest batch that is copied in two steps: with more, copying is limited by memory and not by the number of rows. The
 * passes of DP-SGD are for up to twice as many examples as a batch of 32 has.
 */
export const MOST_COPIED_TWICE = 72;

/** Which elements of the images patches consist of. */
export interface PatchPlaces {
  readonly channels: number;
  /** Height and width of the images. */
  readonly input: Pair;
  /** down[a][p]: the row of the images under offset a of the patch at p, or −1 in the padding. */
  readonly down: readonly (readonly number[])[];
  /** across[b][q]: the same for columns. */
  readonly across: readonly (readonly number[])[];
}

/** Patches copied element by element. */
function directly(pixels: Value, { channels, input: [height, width], ...places }: PatchPlaces) {
  const entries: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (const down of places.down) {
      for (const across of places.across) {
        for (const h of down) {
          for (const w of across) {
            entries.push(h < 0 || w < 0 ? -1 : (c * height + h) * width + w);
          }
        }
      }
    }
  }
  return gatherSum(pixels, indexTable(channels * height * width, Int32Array.from(entries)));
}

/**
 * Patches copied in two steps: first the elements of all offsets b, for each row of the images once, then whole rows of
 * these for each offset a.
 */
function byRows(pixels: Value, { channels, input: [height, width], down, across }: PatchPlaces) {
  const elements: number[] = [];
  const rows: number[] = [];
  for (let c = 0; c < channels; c++) {
    for (let h = 0; h < height; h++) {
      for (const w of across.flat()) elements.push(w < 0 ? -1 : (c * height + h) * width + w);
    }
    for (const places of down) {
      across.forEach((_, b) => {
        for (const h of places) rows.push(h < 0 ? -1 : (c * height + h) * across.length + b);
      });
    }
  }
  const count = channels * height * across.length;
  const positions = across[0]!.length;
  const source = indexTable(channels * height * width, Int32Array.from(elements));
  return gatherSum(
    reshape(gatherSum(pixels, source), [count, positions, pixels.shape[1]!]),
    indexTable(count, Int32Array.from(rows)),
  );
}

/**
 * Patches of images, with zeros in the padding. Copying a short row takes about as long as copying a long one, so the way
 * that copies fewer rows is taken. The gradient of the images goes the same way back.
 *
 * @param pixels [channels · height · width, batch]
 * @returns [channels, offsets a, offsets b, positions p, positions q, batch], with any division into axes before the batch
 */
export function patchesOf(pixels: Value, places: PatchPlaces): Value {
  const { input: [height], down, across } = places;
  const [p, q] = [down[0]!.length, across[0]!.length];
  const fewer = height * q + down.length * p < down.length * p * q;
  const pays = fewer && pixels.shape[1]! <= MOST_COPIED_TWICE;
  return pays ? byRows(pixels, places) : directly(pixels, places);
}
