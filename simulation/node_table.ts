import { FlwrError } from "../base/error.ts";
import { countTableNodes } from "../entities/node_table.ts";
import type { NodeSettings } from "./virtual_nodes.ts";

/** A setting in a table of nodes. Null: the node does not have it. */
export type NodeTableValue = string | number | boolean | null;

/** Settings that the simulation itself gives every node. */
export const PARTITION_SETTINGS: readonly string[] = ["partition-id", "num-partitions"];

const LINE_FEED = 0x0a;

/**
 * The settings of each virtual node, as bytes: lines of JSON, each with its line break. The first line is an array of
 * the names, and line `i + 1` an array of the values of partition `i`. A row is parsed when its node works, so a large
 * table costs little.
 */
export class NodeTable {
  /** Number of rows. */
  readonly nodes: number;
  readonly #names: readonly string[];
  readonly #bytes: Uint8Array;
  /** The offset of each row, and the end of the last. */
  readonly #starts: Uint32Array;

  /** @throws FlwrError "invalid-argument" for bytes that are not such a table. A row is checked when it is read */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.nodes = countTableNodes(bytes);
    this.#starts = new Uint32Array(this.nodes + 1);
    let end = 0;
    for (let row = 0; row <= this.nodes; row++) {
      end = bytes.indexOf(LINE_FEED, end) + 1;
      this.#starts[row] = end;
    }
    if (end === 0 || end !== bytes.length) throw malformed("its last line is not complete");
    const names = this.#line(0, this.#starts[0]!, "its first line");
    if (!names.every((name) => typeof name === "string")) throw malformed("a name is not a text");
    this.#names = names as string[];
  }

  /** Encodes a table. Each row has a value for each name. */
  static encode(names: readonly string[], rows: Iterable<readonly NodeTableValue[]>): Uint8Array {
    const lines = [JSON.stringify(names)];
    for (const row of rows) lines.push(JSON.stringify(row));
    return new TextEncoder().encode(lines.join("\n") + "\n");
  }

  /** The settings of a partition. @throws FlwrError "invalid-argument" that names a row that cannot be read */
  settingsOf(partition: number): NodeSettings {
    const [start, end] = this.#starts.subarray(partition, partition + 2);
    const row = `row ${partition}`;
    const values = this.#line(start!, end!, row);
    if (values.length !== this.#names.length) {
      throw malformed(`${row} has ${values.length} values for ${this.#names.length} names`);
    }
    const settings: Record<string, string | number | boolean> = {};
    values.forEach((value, column) => {
      if (value === null) return;
      if (!["string", "number", "boolean"].includes(typeof value)) {
        throw malformed(`${row} has a value that is not a number, a text or a boolean`);
      }
      settings[this.#names[column]!] = value as string | number | boolean;
    });
    return settings;
  }

  #line(start: number, end: number, what: string): unknown[] {
    try {
      const values = JSON.parse(new TextDecoder().decode(this.#bytes.subarray(start, end)));
      if (Array.isArray(values)) return values;
    } catch {
      // Refused below.
    }
    throw malformed(`${what} is not an array`);
  }
}

function malformed(why: string): FlwrError {
  return new FlwrError("invalid-argument", `The table of the nodes' settings is malformed: ${why}`);
}
