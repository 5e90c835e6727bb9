import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import {
  APP_KINDS,
  type AppEvent,
  DOMAIN_KINDS,
  type JournalKind,
  type JournalRecord,
} from "../../../entities/journal.ts";
import { type TaskEvent, TaskEventSchema } from "../../../proto/gen/current/task_event_pb.ts";
import { ApiError } from "../../api_error.ts";
import { isoTime, secondsOfIsoTime } from "./iso_time.ts";

// Our events are Flower's task events. The kind is the name of the event, and the data are JSON, to which the id of the
// node is added as text, because JSON's numbers do not have 64 bits. Events with other names are those of other apps,
// whose data are any text.

/** Converts an event of a ServerApp to the wire. */
export function taskEventOf(event: AppEvent): MessageInitShape<typeof TaskEventSchema> {
  const { kind, nodeId, data } = event;
  if (kind === "app-event") return { event: data.event, data: data.data };
  return { event: kind, data: dataText(data, nodeId) };
}

/**
 * Reads the events of an app.
 *
 * @throws ApiError "request-malformed" if the data of one of our kinds are not JSON, or if an event has the name of one
 *   that only the SuperLink writes
 */
export function readTaskEvents(events: readonly TaskEvent[]): AppEvent[] {
  return events.map(({ event, data }): AppEvent => {
    if (Object.hasOwn(DOMAIN_KINDS, event)) {
      throw new ApiError("request-malformed", `Only the SuperLink reports "${event}"`);
    }
    if (!Object.hasOwn(APP_KINDS, event)) return { kind: "app-event", data: { event, data } };
    const read = readData(data);
    if (read !== undefined) return { kind: event, ...read } as AppEvent;
    throw new ApiError("request-malformed", `The data of event "${event}" are not as expected`);
  });
}

/** Converts a record to the wire. @param taskId the task of its run */
export function recordToWire(record: JournalRecord, taskId: bigint): TaskEvent {
  const { sequence, at, runId, kind, data, nodeId } = record;
  return create(TaskEventSchema, {
    id: BigInt(sequence),
    timestamp: isoTime(at),
    runId: runId ?? 0n,
    taskId,
    event: kind === "app-event" ? data.event : kind,
    data: kind === "app-event" ? data.data : dataText(data, nodeId),
  });
}

/** Reads a record from the wire. @throws FlwrError "data-loss" */
export function recordFromWire({ id, timestamp, runId, event, data }: TaskEvent): JournalRecord {
  const common = { sequence: Number(id), at: secondsOfIsoTime(timestamp) ?? 0, runId };
  if (!isKind(event)) return { ...common, kind: "app-event", data: { event, data } };
  const read = readData(data);
  if (read !== undefined) return { ...common, kind: event, ...read } as JournalRecord;
  throw new FlwrError("data-loss", `The SuperLink sent an event "${event}" without its data`);
}

function isKind(event: string): event is Exclude<JournalKind, "app-event"> {
  return Object.hasOwn(DOMAIN_KINDS, event) || Object.hasOwn(APP_KINDS, event);
}

function dataText(data: object, nodeId: bigint | undefined): string {
  return JSON.stringify(nodeId === undefined ? data : { ...data, nodeId: String(nodeId) });
}

/** The data and the node of an event; undefined if the text is not that of our kinds. */
function readData(text: string): { data: object; nodeId?: bigint } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const { nodeId, ...data } = json as { readonly nodeId?: unknown };
  if (nodeId === undefined) return { data };
  if (typeof nodeId !== "string" || !/^[0-9]{1,20}$/.test(nodeId)) return undefined;
  const id = BigInt(nodeId);
  return id < 2n ** 64n ? { data, nodeId: id } : undefined;
}
