/** How deep an object tree may be nested, as link's own limit; Flower's go 5 deep, from message to array chunk. */
export const MAX_TREE_DEPTH = 16;

/** Nodes of one object tree, as a wire carries it: 5 TB of array chunks. */
export const MAX_TREE_NODES = 1_000_000;
