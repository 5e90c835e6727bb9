import { formatBytes } from "../../../base/readable.ts";
import { FlwrError } from "../../../base/error.ts";
import { MAX_NODE_TABLE_BYTES } from "../../../entities/node_table.ts";
import { encodeNodeTable, tableReaderOf } from "../../../simulation/table/encode_node_table.ts";

const FLAG = "--node-table";

/**
 * Reads the file of `--node-table`: a table whose columns are settings of the simulated nodes, and whose first row
 * belongs to partition 0. Rows beyond the number of nodes are ignored.
 *
 * @param nodes number of nodes; undefined if only the SuperLink knows it
 * @returns the bytes of a `NodeTable`
 * @throws FlwrError "invalid-argument" or "not-found" that names the file and what is wrong
 */
export async function readNodeTable(file: string, nodes: number | undefined): Promise<Uint8Array> {
  const read = tableReaderOf(file);
  if (read === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `${FLAG}: "${file}" is neither a .csv nor a .json file`,
    );
  }
  const bytes = await readFile(file);
  try {
    const { names, rows } = await read(bytes);
    if (nodes !== undefined && rows.length < nodes) {
      throw new FlwrError(
        "invalid-argument",
        `It has ${rows.length} rows, but ${nodes} nodes are simulated`,
        { hints: [`Add a row for each node, or set fewer nodes: --nodes ${rows.length}`] },
      );
    }
    const table = encodeNodeTable({ names, rows });
    requireSize(table.length);
    return table;
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `${FLAG}: "${file}": ${message}`, { hints, cause });
  }
}

/** Reads a file up to the limit, so an endless device or pipe is also refused. */
async function readFile(path: string): Promise<Uint8Array> {
  let bytes = new Uint8Array();
  try {
    using file = await Deno.open(path);
    const buffer = new ArrayBuffer(64 * 1024, { maxByteLength: MAX_NODE_TABLE_BYTES + 1 });
    let length = 0;
    for (;;) {
      if (length === buffer.byteLength) {
        if (length > MAX_NODE_TABLE_BYTES) break;
        buffer.resize(Math.min(2 * length, buffer.maxByteLength));
      }
      const piece = new Uint8Array(Math.min(64 * 1024, buffer.byteLength - length));
      const read = await file.read(piece);
      if (read === null) break;
      new Uint8Array(buffer).set(piece.subarray(0, read), length);
      length += read;
    }
    bytes = new Uint8Array(buffer).slice(0, length);
  } catch (cause) {
    throw new FlwrError("not-found", `${FLAG}: file "${path}" cannot be read`, { cause });
  }
  try {
    requireSize(bytes.length);
  } catch (cause) {
    const { code, message } = FlwrError.from(cause);
    throw new FlwrError(code, `${FLAG}: "${path}": ${message}`, { cause });
  }
  return bytes;
}

function requireSize(bytes: number): void {
  if (bytes <= MAX_NODE_TABLE_BYTES) return;
  throw new FlwrError(
    "invalid-argument",
    `The table is larger than ${formatBytes(MAX_NODE_TABLE_BYTES)}`,
    { hints: ["Leave out columns that the app does not read"] },
  );
}
