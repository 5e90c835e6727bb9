import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Context } from "../../../app/context.ts";
import { Message } from "../../../app/message.ts";
import { RecordDict } from "../../../app/record_dict.ts";
import { FlwrError } from "../../../base/error.ts";
import type { Metadata } from "../../../entities/metadata.ts";
import { NodeInputSchema, NodeOutputSchema } from "../../../proto/gen/current/simulation_pb.ts";
import { RecordDictSchema } from "../../../proto/gen/current/recorddict_pb.ts";
import { decode, encode } from "../../codec.ts";
import {
  errorFromWire,
  errorToWire,
  metadataFromWire,
  metadataToWire,
} from "../../objects/metadata.ts";
import { recordDictFromWire, recordDictToWire } from "../record_dict.ts";

/** The work of a virtual node on one instruction. */
export interface NodeTask {
  readonly message: Message;
  readonly context: Context;
  /** Decides all random numbers that the app draws by default, an unsigned 32-bit integer. */
  readonly seed: number;
}

/** Most characters of a worker's text about a failure: a worker that lies must not fill the run's log. */
const MAX_FAILURE_LENGTH = 8192;

/** What a virtual node makes of an instruction. */
export interface NodeResult {
  /** The reply, or an error reply. */
  readonly reply: Message;
  /** The records that the app keeps for the node's next message. */
  readonly state: RecordDict;
  /** The full text of the error behind an error reply. */
  readonly failure?: string;
}

/** Encodes an instruction's content. */
export function contentToBytes(content: RecordDict): Uint8Array<ArrayBuffer> {
  return encode(RecordDictSchema, recordDictToWire(content));
}

/** Encodes all of a task but its instruction's content. */
export function inputToBytes({ message, context, seed }: NodeTask): Uint8Array<ArrayBuffer> {
  return encode(NodeInputSchema, {
    metadata: metadataToWire(message.metadata),
    seed,
    settings: recordDictToWire(
      new RecordDict({ node: context.nodeConfig, run: context.runConfig }),
    ),
    state: recordDictToWire(context.state),
  });
}

/**
 * Decodes a task.
 *
 * @throws FlwrError "invalid-argument" for bytes that are none
 */
export function taskFromBytes(input: Uint8Array, content: Uint8Array): NodeTask {
  const { metadata, seed, settings, state } = read(NodeInputSchema, input);
  const head: Metadata = metadataFromWire(metadata);
  const records = recordDictFromWire(read(RecordDictSchema, content));
  const configs = settings === undefined ? new RecordDict() : recordDictFromWire(settings);
  return {
    message: new Message(head, records),
    context: {
      runId: head.runId,
      nodeId: head.dstNodeId,
      nodeConfig: configs.configRecord("node"),
      runConfig: configs.configRecord("run"),
      state: state === undefined ? new RecordDict() : recordDictFromWire(state),
    },
    seed,
  };
}

/** Encodes a result. */
export function resultToBytes({ reply, state, failure = "" }: NodeResult): Uint8Array<ArrayBuffer> {
  return encode(NodeOutputSchema, {
    reply: {
      metadata: metadataToWire(reply.metadata),
      ...(reply.error === undefined
        ? { content: recordDictToWire(reply.content) }
        : { error: errorToWire(reply.error) }),
    },
    state: recordDictToWire(state),
    failure,
  });
}

/**
 * Decodes a result.
 *
 * @throws FlwrError "invalid-argument" for bytes that are none
 */
export function resultFromBytes(bytes: Uint8Array): NodeResult {
  const { reply, state, failure } = read(NodeOutputSchema, bytes);
  const metadata = metadataFromWire(reply?.metadata);
  const error = reply!.error && errorFromWire(reply!.error);
  const body = error !== undefined
    ? { ...error, reason: error.reason.slice(0, MAX_FAILURE_LENGTH) }
    : reply!.content && recordDictFromWire(reply!.content);
  if (body === undefined) {
    throw new FlwrError("invalid-argument", "The reply of a node has neither content nor an error");
  }
  return {
    reply: new Message(metadata, body),
    state: state === undefined ? new RecordDict() : recordDictFromWire(state),
    ...(failure !== "" && { failure: failure.slice(0, MAX_FAILURE_LENGTH) }),
  };
}

/** @throws FlwrError "invalid-argument" for bytes that are no such message */
function read<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return decode(schema, bytes);
  } catch (cause) {
    throw new FlwrError("invalid-argument", `The bytes are not a ${schema.name}`, { cause });
  }
}
