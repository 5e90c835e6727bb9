import { MemoryStore } from "../../link/store/memory.ts";
import { CallMetrics } from "../../roles/superlink/metrics/call_metrics.ts";
import { EventMetrics } from "../../roles/superlink/metrics/event_metrics.ts";
import { SuperLinkMetrics } from "../../roles/superlink/metrics/superlink_metrics.ts";
import { writeExposition } from "../../telemetry/exposition.ts";

const REPEATS = 7;

/** What one thing costs, in microseconds: the best of some repetitions. */
export interface HookCost {
  readonly name: string;
  readonly microseconds: number;
}

/** Measures each place where metrics do work, alone and in this process. */
export async function hookCosts(): Promise<HookCost[]> {
  const calls = new CallMetrics();
  const events = new EventMetrics();
  const store = new MemoryStore();
  using metrics = new SuperLinkMetrics({ store, namesNodes: false });
  const instruction = { messageId: "m", runId: 1n, nodeId: 2n, messageType: "train", groupId: "1" };
  const transaction = (of: MemoryStore | SuperLinkMetrics["store"]) =>
    bestOf(50_000, () => of.transaction("relaxed", () => Promise.resolve()));
  const plain = await transaction(store);
  return [
    {
      name: "the end of a call",
      microseconds: await bestOf(200_000, () => {
        const begun = performance.now();
        calls.onCallEnd({
          method: "/flwr.proto.Fleet/PullMessages",
          seconds: (performance.now() - begun) / 1000,
        });
      }),
    },
    { name: "a transaction", microseconds: await transaction(metrics.store) - plain },
    {
      name: "an instruction, handed out and answered",
      microseconds: await bestOf(100_000, () => {
        events.onEvent({ kind: "instruction-handed-out", instruction, delivery: 1 });
        events.onEvent({
          kind: "instruction-answered",
          instruction,
          times: { pushedAt: 0 },
          appSeconds: 0,
        });
      }),
    },
    {
      name: "the text of a scrape",
      microseconds: await bestOf(50, () => void writeExposition(metrics.metrics, "openmetrics")),
    },
  ];
}

async function bestOf(times: number, work: () => unknown): Promise<number> {
  let best = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const begun = performance.now();
    for (let time = 0; time < times; time++) {
      const result = work();
      if (result instanceof Promise) await result;
    }
    best = Math.min(best, (performance.now() - begun) / times * 1000);
  }
  return best;
}
