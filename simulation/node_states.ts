import { ConfigRecord } from "../app/config_record.ts";
import { type AnyRecord, isArrayRecord, RecordDict } from "../app/record_dict.ts";
import { FlwrError } from "../base/error.ts";

/** The data that a simulation keeps about a node that has had a message. */
export interface NodeState {
  /** The state that the app keeps; undefined while it is empty. */
  readonly state: RecordDict | undefined;
  /** Number of messages so far. */
  readonly messages: number;
}

/** Maximum total size of the states in a checkpoint, in bytes. They are written again after each round. */
export const MAX_SAVED_STATE_BYTES: number = 16 * 2 ** 20;

/** Name of the record with the nodes' partitions and numbers of messages. */
const NODES = "nodes";
/** Prefix of the records of states: `state/<partition>/<name>`. */
const STATE = "state/";
/** Bytes of a node's partition and number of messages, each an unsigned 32-bit integer. */
const NODE_BYTES = 8;

/**
 * Converts the nodes of a simulation to records, for a checkpoint.
 *
 * @param nodes by partition
 * @param maxBytes largest size
 * @returns undefined if they are larger
 */
export function nodesToRecords(
  nodes: ReadonlyMap<number, NodeState>,
  maxBytes: number = MAX_SAVED_STATE_BYTES,
): RecordDict | undefined {
  let bytes = nodes.size * NODE_BYTES;
  if (bytes > maxBytes) return undefined;
  const records = new RecordDict();
  const table = new Uint8Array(bytes);
  const view = new DataView(table.buffer);
  let offset = 0;
  for (const [partition, { state, messages }] of nodes) {
    view.setUint32(offset, partition, true);
    view.setUint32(offset + 4, messages, true);
    offset += NODE_BYTES;
    for (const [name, record] of state ?? []) {
      bytes += sizeOf(name, record);
      if (bytes > maxBytes) return undefined;
      records.set(`${STATE}${partition}/${name}`, record);
    }
  }
  records.set(NODES, new ConfigRecord({ nodes: table }));
  return records;
}

/**
 * Reads the records of {@link nodesToRecords}.
 *
 * @returns the nodes by partition; empty without records
 * @throws FlwrError "data-loss" for malformed records
 */
export function nodesFromRecords(records: RecordDict): Map<number, NodeState> {
  const nodes = new Map<number, { state: RecordDict | undefined; messages: number }>();
  if (records.size === 0) return nodes;
  const table = records.configRecords.get(NODES)?.get("nodes");
  if (!(table instanceof Uint8Array) || table.length % NODE_BYTES !== 0) throw damaged();
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  for (let offset = 0; offset < table.length; offset += NODE_BYTES) {
    const messages = view.getUint32(offset + 4, true);
    nodes.set(view.getUint32(offset, true), { state: undefined, messages });
  }
  for (const [path, record] of records) {
    if (path === NODES) continue;
    const [, partition, name] = /^state\/(\d+)\/(.*)$/s.exec(path) ?? [];
    const node = nodes.get(Number(partition));
    if (node === undefined) throw damaged();
    (node.state ??= new RecordDict()).set(name!, record);
  }
  return nodes;
}

/** Approximate size of a record in bytes. */
function sizeOf(name: string, record: AnyRecord): number {
  if (isArrayRecord(record)) {
    return record.byteLength + [...record.keys()].reduce((sum, key) => sum + 64 + key.length, 0);
  }
  let bytes = name.length;
  for (const [key, { value }] of record.typedEntries()) {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    bytes += key.length + 32;
    for (const one of values) {
      bytes += typeof one === "string" || one instanceof Uint8Array ? one.length + 8 : 8;
    }
  }
  return bytes;
}

function damaged(): FlwrError {
  return new FlwrError(
    "data-loss",
    "The checkpoint is damaged: the states of its simulated nodes cannot be read",
    { hints: ["Start a new run, without a checkpoint"] },
  );
}
