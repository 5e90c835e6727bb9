import { sha256Hex } from "../../base/platform.ts";
import { printableJson } from "../../base/printable.ts";

/** Who acted: an account, a node, or the SuperLink itself. */
export interface AuditActor {
  /** Id of the account or node; null if the caller was not identified. */
  readonly actor_id: string | null;
  /** Name of the account, or "SuperNode", "SuperLink" or "unknown". */
  readonly description: string;
  /** Address of the caller, without its port: behind a trusted proxy that of the proxy's caller. */
  readonly ip_address: string | null;
  /** Fingerprint of the public key that signed the call of a node. */
  readonly key?: string;
}

/** What was done. */
export interface AuditEvent {
  /** "ControlServicer.StartRun": the API and the call, as Flower names them. */
  readonly action: string;
  readonly run_id: string | null;
  /** SHA-256 of the app's bundle, if one was submitted. */
  readonly fab_hash: string | null;
  /** The node that was registered, unregistered or joined. */
  readonly node_id?: string;
}

/** Stage of an act. */
export type AuditStatus = "started" | "completed" | "failed";

/** An act, as it is recorded. Ids are text, because JSON's numbers are exact only up to 2^53. */
export interface AuditRecord {
  /** Time in RFC 3339, UTC. */
  readonly timestamp: string;
  readonly actor: AuditActor;
  readonly event: AuditEvent;
  readonly status: AuditStatus;
  /** Name or code of the error, if it failed; never its text, which may hold data of others. */
  readonly error?: string;
  /** Number of the record that says that this act started. */
  readonly started?: number;
  /** Values of the log's own records. */
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** The end of a chain of records. */
export interface ChainEnd {
  /** Number of the last record, from 1; 0 before the first. */
  readonly sequence: number;
  /** Hash of the last record; {@link GENESIS} before the first. */
  readonly hash: string;
}

/** Stands in place of the hash before the first record of a chain. */
export const GENESIS = "0".repeat(64);

/** The end of a chain without records. */
export const EMPTY_CHAIN: ChainEnd = { sequence: 0, hash: GENESIS };

/** A line of the log, and the chain's new end. */
export interface ChainedLine extends ChainEnd {
  /** Without its line end. */
  readonly line: string;
}

/** Longest text of strangers in a record, in characters. */
const MAX_TEXT = 200;

/** What precedes the hash in a line. */
const BEFORE_HASH = ',"hash":"';

/**
 * Adds a record to a chain. The record becomes one line of JSON whose last field, `hash`, is the SHA-256 of the line up
 * to this field. The field before is `previous`, the hash of the previous record. So a line cannot be changed, removed
 * or moved without a change of all later lines.
 */
export function chainRecord(record: AuditRecord, { sequence, hash }: ChainEnd): ChainedLine {
  const { actor } = record;
  const bounded = {
    ...record,
    actor: {
      ...actor,
      actor_id: actor.actor_id?.slice(0, MAX_TEXT) ?? null,
      description: actor.description.slice(0, MAX_TEXT),
    },
  };
  const next = sequence + 1;
  const json = JSON.stringify({ ...bounded, sequence: next, previous: hash });
  const head = printableJson(json.slice(0, -1));
  const own = sha256Hex(head);
  return { line: `${head}${BEFORE_HASH}${own}"}`, sequence: next, hash: own };
}

/** A line of the log as it was read. */
export interface ReadLine extends ChainEnd {
  readonly previous: string;
  /** Whether the hash in the line is that of the line's text. */
  readonly isWhole: boolean;
  readonly record: AuditRecord;
}

const LINE_END = /,"sequence":(\d{1,16}),"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}$/;

/** Reads a line. Returns undefined if it is no record. */
export function readRecord(line: string): ReadLine | undefined {
  const end = LINE_END.exec(line);
  if (end === null) return undefined;
  const [, sequence, previous, hash] = end as unknown as [string, string, string, string];
  let record: AuditRecord;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof record?.timestamp !== "string" || typeof record.event?.action !== "string") {
    return undefined;
  }
  const head = line.slice(0, line.length - BEFORE_HASH.length - hash.length - 2);
  return {
    sequence: Number(sequence),
    previous,
    hash,
    isWhole: sha256Hex(head) === hash,
    record,
  };
}
