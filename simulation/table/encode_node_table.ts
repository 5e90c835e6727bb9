import { FlwrError } from "../../base/error.ts";
import { NodeTable, PARTITION_SETTINGS } from "../node_table.ts";
import { type NodeRows, readCsvNodes } from "./csv_nodes.ts";
import { readJsonNodes } from "./json_nodes.ts";

/** Reads the bytes of a file. @throws FlwrError "invalid-argument" */
export type TableReader = (bytes: Uint8Array) => NodeRows | Promise<NodeRows>;

const READERS: readonly (readonly [ending: string, TableReader])[] = [
  [".csv", readCsvNodes],
  [".json", readJsonNodes],
];

/** The reader for a file by the end of its name; undefined for a format that is not supported. */
export function tableReaderOf(file: string): TableReader | undefined {
  return READERS.find(([ending]) => file.toLowerCase().endsWith(ending))?.[1];
}

/**
 * Encodes the settings of nodes as the bytes of a {@link NodeTable}.
 *
 * @throws FlwrError "invalid-argument" for names that are not allowed
 */
export function encodeNodeTable({ names, rows }: NodeRows): Uint8Array {
  requireNames(names);
  return NodeTable.encode(names, rows);
}

function requireNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (PARTITION_SETTINGS.includes(name)) {
      throw new FlwrError("invalid-argument", `The simulation itself sets "${name}"`, {
        hints: [
          `Remove "${name}" from the table: row 1 is partition 0, row 2 is partition 1, and so on`,
        ],
      });
    }
    if (name === "") throw new FlwrError("invalid-argument", "A setting has no name");
    if (seen.has(name)) {
      throw new FlwrError("invalid-argument", `Two columns have the name "${name}"`);
    }
    seen.add(name);
  }
}
