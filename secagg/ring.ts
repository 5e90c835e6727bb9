/**
 * The neighbours of nodes in a ring: for the node at place i those at the places i − ⌊s/2⌋ to i + ⌊s/2⌋, itself among
 * them. Each is a neighbour of its neighbours. Where that reaches round the ring, all are neighbours of all.
 *
 * @param ring the nodes in the order of the ring, all different
 * @param shares s: how many neighbours a node has, itself among them; odd, or at least as many as there are nodes
 */
export function ringNeighbours<Node>(
  ring: readonly Node[],
  shares: number,
): Map<Node, Set<Node>> {
  const half = Math.min(Math.floor(shares / 2), ring.length);
  return new Map(ring.map((node, place) => {
    const neighbours = new Set<Node>();
    for (let offset = -half; offset <= half; offset++) {
      neighbours.add(ring[(place + offset + ring.length) % ring.length]!);
    }
    return [node, neighbours];
  }));
}

/** The items in a random order (Fisher-Yates). @param uniform gives random numbers in [0, 1) */
export function shuffled<Item>(items: Iterable<Item>, uniform: () => number): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
