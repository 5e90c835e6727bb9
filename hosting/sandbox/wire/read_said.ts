import type { PlainRecordDict } from "../../../app/transferable.ts";
import { FlwrError } from "../../../base/error.ts";
import { choiceOf, fieldsOf } from "../../../base/untrusted.ts";
import type { FromWorker } from "../../app/worker_protocol.ts";
import {
  errorOf,
  KINDS,
  MAX_STATE_BYTES,
  maybeFailure,
  metadataOf,
  plainWord,
} from "./checked_reply.ts";
import { RECORD_LIMITS, unpackRecords } from "./record_columns.ts";

/** Bytes of an app's state that are copied at once: 1 to 3 ms. The rest waits for the next turn. */
export const COPY_PIECE_BYTES = 4 * 1024 ** 2;

/** Gives way to what else waits for this thread. */
export type Turn = () => Promise<void>;

/**
 * Reads, in the node, what a ClientApp's process says: records come packed (`packSaid`). The process has checked what the
 * app said, but the app may have written to the node itself. Content and state are each read in a turn of their own.
 *
 * @throws FlwrError "invalid-argument" that names what is wrong, "resource-exhausted" when there is too much
 */
export async function readSaid(value: unknown, turn: Turn): Promise<FromWorker> {
  const said = fieldsOf(value, "What the app says");
  const kind = choiceOf(said["kind"], "Its kind", KINDS);
  if (kind !== "reply") return plainWord(kind, said);
  const fields = fieldsOf(said["message"], "Reply");
  const metadata = metadataOf(fieldsOf(fields["metadata"], "Metadata"));
  const message = fields["content"] === undefined
    ? { metadata, error: errorOf(fieldsOf(fields["error"], "Error of the reply")) }
    : { metadata, content: unpacked(arrived(fields["content"])) };
  await turn();
  const state = await stateOf(said["state"], turn);
  await turn();
  const trained = said["trained"] === true;
  return { kind, message, state, trained, ...maybeFailure(said["failure"]) };
}

interface Arrived {
  readonly columns: Uint8Array;
  readonly data: Uint8Array;
}

function arrived(value: unknown): Arrived {
  const { columns, data } = fieldsOf(value, "Records");
  if (columns instanceof Uint8Array && data instanceof Uint8Array) return { columns, data };
  throw new FlwrError("invalid-argument", "Records are not packed");
}

function unpacked({ columns, data }: Arrived): PlainRecordDict {
  return unpackRecords(columns, data, RECORD_LIMITS);
}

/** The records that an app keeps. The node keeps them for long, so they are bounded, and hold on to no frame. */
async function stateOf(value: unknown, turn: Turn): Promise<PlainRecordDict> {
  const { columns, data } = arrived(value);
  if (data.length > MAX_STATE_BYTES) {
    throw new FlwrError("resource-exhausted", `Its state has more than ${MAX_STATE_BYTES} bytes`);
  }
  return unpacked({ columns, data: await copied(data, turn) });
}

async function copied(data: Uint8Array, turn: Turn): Promise<Uint8Array> {
  const copy = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += COPY_PIECE_BYTES) {
    if (at > 0) await turn();
    copy.set(data.subarray(at, at + COPY_PIECE_BYTES), at);
  }
  return copy;
}
