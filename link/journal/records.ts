import type {
  JournalDelivery,
  JournalError,
  JournalInstruction,
  NewJournalRecord,
} from "../../entities/journal.ts";
import type { InstructionFacts } from "../../entities/message.ts";
import type { ArtifactEvent } from "../artifacts/context.ts";
import type { DeliveryTimes, MessageEvent } from "../messages/events.ts";
import type { NodeEvent } from "../nodes/context.ts";
import type { RunEvent } from "../runs/context.ts";

/** An event that may have a record. */
type RecordedEvent =
  | NodeEvent
  | RunEvent
  | MessageEvent
  | ArtifactEvent
  | { readonly kind: "superlink-ended"; readonly serverId: bigint };

/** An event of the store or of the housekeeper, of which none has a record. */
interface StoreEvent {
  readonly kind:
    | `store-${string}`
    | `object-store-${string}`
    | "object-damaged"
    | "orphans-removed"
    | "housekeeping-failed";
}

/** An event of the domain. */
type DomainEvent = RecordedEvent | StoreEvent;

/** Longest reason in a record, in UTF-16 code units: others have the whole text. */
const REASON_LENGTH = 300;

/**
 * The records of the events of a transaction, in their order. Instructions that were stored together are one record for
 * each group. These have none: instructions that were handed out, whose answer says when; refused replies, of which a
 * node can cause any number; the removal of finished runs, which takes their records with it; and the store's own events.
 */
export function journalRecords(events: readonly DomainEvent[]): NewJournalRecord[] {
  const records: NewJournalRecord[] = [];
  const pushed = new Map<string, InstructionFacts[]>();
  for (const event of events) {
    if (event.kind === "instruction-pushed") {
      const { runId, messageType, groupId } = event.instruction;
      const group = JSON.stringify([String(runId), messageType, groupId]);
      const together = pushed.get(group);
      if (together === undefined) pushed.set(group, [event.instruction]);
      else together.push(event.instruction);
      continue;
    }
    const record = recordOf(event);
    if (record !== undefined) records.push(record);
  }
  for (const together of pushed.values()) {
    const { runId, messageType, groupId } = together[0]!;
    const data = { messageType, groupId, count: together.length };
    records.push({ kind: "instructions-pushed", runId, data });
  }
  return records;
}

function recordOf(event: DomainEvent): NewJournalRecord | undefined {
  switch (event.kind) {
    case "run-created":
    case "run-claimed":
    case "run-released":
    case "run-began":
    case "checkpoint-saved":
      return { kind: event.kind, runId: event.runId, data: {} };
    case "run-interrupted":
      return { kind: event.kind, runId: event.runId, data: { reason: event.reason } };
    case "run-finished": {
      const { kind, runId, state, details } = event;
      return { kind, runId, data: { state, details: short(details) } };
    }
    case "artifact-saved": {
      const { kind, runId, name, size } = event;
      return { kind, runId, data: { name, size } };
    }
    case "superlink-ended":
      return { kind: event.kind, data: { serverId: String(event.serverId) } };
    default:
      return recordOfNode(event) ?? recordOfMessage(event);
  }
}

function recordOfNode(event: DomainEvent): NewJournalRecord | undefined {
  switch (event.kind) {
    case "node-returned":
    case "node-deactivated":
    case "node-unregistered":
    case "node-forgotten":
      return { kind: event.kind, nodeId: event.nodeId, data: {} };
    case "node-registered": {
      const { kind, nodeId, name } = event;
      return { kind, nodeId, data: { ...(name !== undefined && { name }) } };
    }
    case "node-joined": {
      const { kind, nodeId, name, takeover } = event;
      return { kind, nodeId, data: { ...(name !== undefined && { name }), takeover } };
    }
    case "node-offline": {
      const { kind, nodeId, onlineUntil } = event;
      return { kind, nodeId, data: { onlineUntil } };
    }
    case "node-left": {
      const { kind, nodeId, forgotten } = event;
      return { kind, nodeId, data: { forgotten } };
    }
  }
}

function recordOfMessage(event: DomainEvent): NewJournalRecord | undefined {
  switch (event.kind) {
    case "instruction-answered": {
      const { kind, instruction, times, appSeconds, error } = event;
      const data = {
        ...deliveryOf(instruction, times),
        ...(appSeconds > 0 && { appSeconds }),
        ...(error !== undefined && { error: errorOf(error) }),
      };
      return { kind, runId: instruction.runId, nodeId: instruction.nodeId, data };
    }
    case "instruction-failed": {
      const { kind, instruction, times } = event;
      const data = { ...deliveryOf(instruction, times), error: errorOf(event) };
      return { kind, runId: instruction.runId, nodeId: instruction.nodeId, data };
    }
    case "instruction-requeued": {
      const { kind, instruction, cause } = event;
      const data = { ...namesOf(instruction), cause };
      return { kind, runId: instruction.runId, nodeId: instruction.nodeId, data };
    }
    case "instruction-refused": {
      const { kind, runId, nodeId, code, reason } = event;
      return { kind, runId, nodeId, data: { code, reason: short(reason) } };
    }
    case "push-expired": {
      const { kind, runId, nodeId, messages } = event;
      return { kind, runId, nodeId, data: { messages } };
    }
  }
}

function namesOf({ messageId, messageType, groupId }: InstructionFacts): JournalInstruction {
  return { messageId, messageType, groupId };
}

function deliveryOf(
  instruction: InstructionFacts,
  { pushedAt, handedOutAt }: DeliveryTimes,
): JournalDelivery {
  return {
    ...namesOf(instruction),
    pushedAt,
    ...(handedOutAt !== undefined && { handedOutAt }),
  };
}

function errorOf({ code, reason }: JournalError): JournalError {
  return { code, reason: short(reason) };
}

function short(text: string): string {
  return text.length <= REASON_LENGTH ? text : `${text.slice(0, REASON_LENGTH)}…`;
}
