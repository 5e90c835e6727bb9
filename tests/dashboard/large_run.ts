import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import type { AppEvent } from "../../entities/journal.ts";
import { createLink } from "../../link/create_link.ts";
import type { Link } from "../../link/link.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { BY_HAND } from "../../link/testing/records.ts";
import { messageObject } from "../../rpc/objects/message.ts";

/** Nodes and rounds of the large run. */
export const [NODES, ROUNDS] = [1000, 500];

/** Rounds at the end whose answers the journal still has: it keeps 20,000 answers of a run. */
const ROUNDS_WITH_ANSWERS = 12;

/** A SuperLink's domain with 1,000 nodes and a run of 500 rounds that goes on. */
export async function linkWithLargeRun(): Promise<
  { link: Link; runId: bigint; nextRound: () => Promise<void> }
> {
  const link = await createLink({
    store: new MemoryStore(),
    clock: systemClock,
    random: systemRandom,
    messageObject,
  });
  const nodes: bigint[] = [];
  for (let index = 0; index < NODES; index++) {
    const name = `hospital-${index}`;
    nodes.push((await link.nodes.create({ heartbeatInterval: 30, name })).nodeId);
  }
  const { run: { runId } } = await link.runs.start(BY_HAND);
  await link.journal.add(runId, [{
    kind: "strategy-started",
    data: { strategy: "FedAvg", rounds: ROUNDS },
  }]);
  for (let round = 1; round < ROUNDS; round++) {
    await addRound(link, runId, round, round > ROUNDS - ROUNDS_WITH_ANSWERS ? nodes : []);
  }
  return { link, runId, nextRound: () => addRound(link, runId, ROUNDS, nodes) };
}

async function addRound(link: Link, runId: bigint, round: number, nodes: readonly bigint[]) {
  const loss = 2 / Math.sqrt(round);
  const common = { round, asked: NODES, available: NODES };
  await link.journal.add(runId, [{ kind: "round-started", data: { round, rounds: ROUNDS } }]);
  for (const phase of ["train", "evaluate"] as const) {
    await link.journal.add(runId, [{ kind: "phase-started", data: { ...common, phase } }]);
    const replies = nodes.map((nodeId, index): AppEvent => ({
      kind: "node-replied",
      nodeId,
      data: {
        round,
        phase,
        messageType: phase,
        seconds: 1 + index / NODES,
        metrics: { loss, accuracy: 1 - loss / 3 },
      },
    }));
    for (let from = 0; from < replies.length; from += 500) {
      await link.journal.add(runId, replies.slice(from, from + 500));
    }
    const metrics = { loss, accuracy: 1 - loss / 3 };
    await link.journal.add(runId, [{
      kind: "phase-finished",
      data: { round, phase, seconds: 2, results: NODES, failures: 0, aggregated: true, metrics },
    }]);
  }
  await link.journal.add(runId, [{ kind: "round-finished", data: { round, seconds: 4.2 } }]);
}
