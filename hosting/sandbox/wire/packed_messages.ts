import type { MessageError, Metadata } from "../../../entities/metadata.ts";
import type {
  PlainContext,
  PlainMessage,
  PlainRecord,
  PlainRecordDict,
} from "../../../app/transferable.ts";
import { FlwrError } from "../../../base/error.ts";
import type { FromWorker, ToWorker } from "../../app/worker_protocol.ts";
import { type PackedRecords, packRecords, unpackRecords } from "./record_columns.ts";

/** Records as they arrive: the run of bytes is one byte array. */
export interface ArrivedRecords {
  readonly columns: Uint8Array;
  readonly data: Uint8Array;
}

/** A message of which the records are packed, before it is sent (PackedRecords) or after (ArrivedRecords). */
export interface PackedMessage<Records> {
  readonly metadata: Metadata;
  readonly content?: Records;
  readonly error?: MessageError;
}

/** A context of which the records are packed. */
export interface PackedContext<Records> {
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly nodeConfig: Records;
  readonly state: Records;
  readonly runConfig: Records;
}

type Load = ToWorker & { readonly kind: "load" };
type Handle<Records> = {
  readonly kind: "handle";
  readonly message: PackedMessage<Records>;
  readonly context: PackedContext<Records>;
};

/** What is said to a sandboxed ClientApp, with packed records. */
export type PackedToWorker<Records = PackedRecords> = Load | Handle<Records>;

/** Packs what is said to a sandboxed ClientApp. */
export function packToWorker(said: ToWorker): PackedToWorker {
  if (said.kind === "load") return said;
  const { message, context } = said;
  return {
    kind: "handle",
    message: packMessage(message),
    context: {
      runId: context.runId,
      nodeId: context.nodeId,
      nodeConfig: packOne(context.nodeConfig),
      state: packRecords(context.state),
      runConfig: packOne(context.runConfig),
    },
  };
}

/** What {@link packToWorker} packed, at the app's end. */
export function unpackToWorker(said: PackedToWorker<ArrivedRecords>): ToWorker {
  if (said.kind === "load") return said;
  const { message: { metadata, content, error }, context } = said;
  const message: PlainMessage = {
    metadata,
    ...(content === undefined ? {} : { content: unpack(content) }),
    ...(error === undefined ? {} : { error }),
  };
  const plain: PlainContext = {
    runId: context.runId,
    nodeId: context.nodeId,
    nodeConfig: unpackOne(context.nodeConfig),
    state: unpack(context.state),
    runConfig: unpackOne(context.runConfig),
  };
  return { kind: "handle", message, context: plain };
}

/**
 * Packs what a ClientApp says, for the node; read there by `readSaid`.
 *
 * @param trained whether models of the app have trained in its sandbox
 */
export function packSaid(said: FromWorker, trained: boolean): unknown {
  if (said.kind !== "reply") return said;
  return { ...said, trained, message: packMessage(said.message), state: packRecords(said.state) };
}

function packMessage({ metadata, content, error }: PlainMessage): PackedMessage<PackedRecords> {
  return { metadata, error, content: content === undefined ? undefined : packRecords(content) };
}

function packOne(record: PlainRecord): PackedRecords {
  return packRecords([["", record]]);
}

function unpack({ columns, data }: ArrivedRecords): PlainRecordDict {
  return unpackRecords(columns, data);
}

function unpackOne(packed: ArrivedRecords): PlainRecord {
  const [entry] = unpack(packed);
  if (entry !== undefined) return entry[1];
  throw new FlwrError("invalid-argument", "A context lacks its settings");
}
