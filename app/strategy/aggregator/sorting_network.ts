/** Two positions of a list that a network compares. The smaller value goes to the first one. */
export type Comparator = readonly [low: number, high: number];

/**
 * A sorting network for a number of values: Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2,
 * algorithm M), without the comparators that do not affect the wanted positions.
 *
 * @param count number of values, from 1
 * @param from first position that must be right afterwards, from 0
 * @param to position after the last one that must be right
 */
export function sortingNetwork(count: number, from = 0, to = count): readonly Comparator[] {
  const all: Comparator[] = [];
  const top = count < 2 ? 0 : 2 ** (Math.ceil(Math.log2(count)) - 1);
  for (let p = top; p > 0; p >>= 1) {
    let [q, r, d] = [top, 0, p];
    for (;;) {
      for (let i = 0; i < count - d; i++) if ((i & p) === r) all.push([i, i + d]);
      if (q === p) break;
      [d, q, r] = [q - p, q >> 1, p];
    }
  }
  const wanted = new Set(Array.from({ length: to - from }, (_, i) => from + i));
  const needed: Comparator[] = [];
  for (const [low, high] of all.reverse()) {
    if (!wanted.has(low) && !wanted.has(high)) continue;
    wanted.add(low).add(high);
    needed.push([low, high]);
  }
  return needed.reverse();
}
