import type { MessageError, Metadata } from "../../../entities/metadata.ts";
import type {
  PlainContext,
  PlainMessage,
  PlainRecord,
  PlainRecordDict,
  PlainRegisteredKey,
} from "../../../app/transferable.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ClientAppCommand, ClientAppEvent } from "../../app/worker_protocol.ts";
import { type PackedRecords, packRecords } from "./pack_records.ts";
import { unpackRecords } from "./unpack_records.ts";

/** Packed records on the receiving side: the {@link ByteRun} is one byte array. */
export interface ArrivedRecords {
  readonly columns: Uint8Array;
  readonly data: Uint8Array;
}

/** A message with packed records, on the sending (PackedRecords) or the receiving side (ArrivedRecords). */
export interface PackedMessage<Records> {
  readonly metadata: Metadata;
  readonly content?: Records;
  readonly error?: MessageError;
}

/** A context with packed records. */
export interface PackedContext<Records> {
  readonly runId: bigint;
  readonly nodeId: bigint;
  readonly nodeConfig: Records;
  readonly state: Records;
  readonly runConfig: Records;
  readonly registeredKey?: PlainRegisteredKey;
}

type WithoutRecords = ClientAppCommand & { readonly kind: "load" | "signed" };
type Handle<Records> = {
  readonly kind: "handle";
  readonly message: PackedMessage<Records>;
  readonly context: PackedContext<Records>;
  readonly seed?: number;
};

/** A command to a sandboxed ClientApp, with packed records. */
export type PackedCommand<Records = PackedRecords> = WithoutRecords | Handle<Records>;

/** Packs the records of a command to a sandboxed ClientApp. */
export function packCommand(command: ClientAppCommand): PackedCommand {
  if (command.kind !== "handle") return command;
  const { message, context, seed } = command;
  return {
    kind: "handle",
    ...(seed !== undefined && { seed }),
    message: packMessage(message),
    context: {
      runId: context.runId,
      nodeId: context.nodeId,
      nodeConfig: packOne(context.nodeConfig),
      state: packRecords(context.state),
      runConfig: packOne(context.runConfig),
      ...(context.registeredKey && { registeredKey: context.registeredKey }),
    },
  };
}

/** Unpacks the records of a command of {@link packCommand}, in the app's thread. */
export function unpackCommand(command: PackedCommand<ArrivedRecords>): ClientAppCommand {
  if (command.kind !== "handle") return command;
  const { message: { metadata, content, error }, context, seed } = command;
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
    ...(context.registeredKey && { registeredKey: context.registeredKey }),
  };
  return { kind: "handle", message, context: plain, ...(seed !== undefined && { seed }) };
}

/**
 * Packs the records of a ClientApp's event for the node, which reads it with `readPackedEvent`.
 *
 * @param trained whether models of the app have trained in its sandbox
 */
export function packEvent(event: ClientAppEvent, trained: boolean): unknown {
  if (event.kind !== "reply") return event;
  return {
    ...event,
    trained,
    message: packMessage(event.message),
    state: packRecords(event.state),
  };
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
