import type { PlainRecordDict } from "../../../app/transferable.ts";
import { FlwrError } from "../../../base/error.ts";
import { choiceOf, fieldsOf } from "../../../base/untrusted.ts";
import type { ClientAppEvent } from "../../app/worker_protocol.ts";
import {
  checkSimpleEvent,
  errorOf,
  KINDS,
  MAX_STATE_BYTES,
  metadataOf,
  optionalFailure,
} from "./check_client_app_event.ts";
import { RECORD_LIMITS } from "./record_columns.ts";
import { unpackRecords } from "./unpack_records.ts";

/** Bytes of an app's state that are copied in one turn of the event loop: 1 to 3 ms. */
export const COPY_PIECE_BYTES = 4 * 1024 ** 2;

/** Yields to other work of this thread. */
export type Turn = () => Promise<void>;

/**
 * Checks, in the node, an event of a ClientApp's process, and unpacks its records (`packEvent`). The process has already
 * checked it, but an app that took over its process could write to the node directly. Content and state are each read in
 * a turn of their own.
 *
 * @throws FlwrError "invalid-argument" that names what is wrong, "resource-exhausted" when a limit is exceeded
 */
export async function readPackedEvent(value: unknown, turn: Turn): Promise<ClientAppEvent> {
  const event = fieldsOf(value, "Event of the app");
  const kind = choiceOf(event["kind"], "Kind of the event", KINDS);
  if (kind !== "reply") return checkSimpleEvent(kind, event);
  const fields = fieldsOf(event["message"], "Reply");
  const metadata = metadataOf(fieldsOf(fields["metadata"], "Metadata"));
  const message = fields["content"] === undefined
    ? { metadata, error: errorOf(fieldsOf(fields["error"], "Error of the reply")) }
    : { metadata, content: unpacked(arrived(fields["content"])) };
  await turn();
  const state = await stateOf(event["state"], turn);
  await turn();
  const trained = event["trained"] === true;
  return { kind, message, state, trained, ...optionalFailure(event["failure"]) };
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

/**
 * Reads the app's state. The node stores it for as long as the run lasts, so its size is limited, and its bytes are
 * copied so that they do not keep the whole frame in memory.
 */
async function stateOf(value: unknown, turn: Turn): Promise<PlainRecordDict> {
  const { columns, data } = arrived(value);
  if (data.length > MAX_STATE_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `The app's state has more than ${MAX_STATE_BYTES} bytes`,
    );
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
