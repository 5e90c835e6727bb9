/** Largest table of the settings of simulated nodes, as a file and as it is sent, in bytes. */
export const MAX_NODE_TABLE_BYTES = 16 * 1024 * 1024;

/**
 * Number of nodes in a table of settings: lines of JSON, each with its line break. The first is an array of the names,
 * and each other one an array of a node's values. The lines themselves are not read.
 */
export function countTableNodes(table: Uint8Array): number {
  let lines = 0;
  for (let at = table.indexOf(LINE_FEED); at !== -1; at = table.indexOf(LINE_FEED, at + 1)) lines++;
  return Math.max(0, lines - 1);
}

const LINE_FEED = 0x0a;
