import { messageKind } from "../../entities/message_kind.ts";
import { isFinished } from "../../entities/run.ts";
import { isOpen } from "../messages/instruction_state.ts";
import type { InstructionCount, StoreGauges } from "./gauges.ts";
import type { MessageMap } from "./memory_messages.ts";
import type { NodeMap } from "./memory_nodes.ts";
import type { ObjectMap } from "./memory_objects.ts";
import type { RunMap } from "./memory_runs.ts";

/** The tables of an in-memory store that have gauges. */
export interface GaugedTables {
  readonly nodes: NodeMap;
  readonly runs: RunMap;
  readonly messages: MessageMap;
  readonly objects: ObjectMap;
}

/** Reads the gauges of an in-memory store. */
export function memoryGauges({ nodes, runs, messages, objects }: GaugedTables): StoreGauges {
  const counts = new Map<string, InstructionCount>();
  let [oldestWaiting, oldestPending] = [Infinity, Infinity];
  for (const { record: { message, state } } of messages.instructions.values()) {
    if (!isOpen(state)) continue;
    const kind = messageKind(message.messageType);
    const count = (counts.get(`${state} ${kind}`)?.count ?? 0) + 1;
    counts.set(`${state} ${kind}`, { state: state as InstructionCount["state"], kind, count });
    if (state === "waiting") oldestWaiting = Math.min(oldestWaiting, message.pushedAt);
  }
  const unfinished = [...runs.byId.values()].filter(({ state }) => !isFinished(state));
  for (const { state, pendingAt } of unfinished) {
    if (state === "pending") oldestPending = Math.min(oldestPending, pendingAt);
  }
  return {
    nodes: byState(nodes.byId.values()),
    runs: byState(unfinished),
    instructions: [...counts.values()],
    ...(oldestWaiting < Infinity && { oldestWaiting }),
    ...(oldestPending < Infinity && { oldestPending }),
    objects: objects.byId.size,
  };
}

function byState<S extends string>(
  records: Iterable<{ readonly state: S }>,
): Partial<Record<S, number>> {
  const counts: Partial<Record<S, number>> = {};
  for (const { state } of records) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
