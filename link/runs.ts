import { type LinkContext, transact } from "./context.ts";
import type { LinkRun } from "./link.ts";
import { SELF_STARTED } from "./run_state.ts";
import type { LinkTransaction } from "./store/store.ts";

/** See LinkService.createRun. */
export function createRun(
  context: LinkContext,
  { fabId, fabVersion }: { fabId: string; fabVersion: string },
): Promise<LinkRun> {
  return transact(context, "durable", async (tx, effects) => {
    const run = { runId: await freshRunId(context, tx), fabId, fabVersion };
    await tx.putRun({ ...run, state: SELF_STARTED });
    effects.events.push({ kind: "run-created", runId: run.runId });
    return run;
  });
}

/** See LinkService.getRun. */
export function getRun(context: LinkContext, runId: bigint): Promise<LinkRun | undefined> {
  return transact(context, "relaxed", async (tx) => {
    const run = await tx.run(runId);
    return run && { runId, fabId: run.fabId, fabVersion: run.fabVersion };
  });
}

async function freshRunId({ random }: LinkContext, tx: LinkTransaction): Promise<bigint> {
  for (;;) {
    const id = random.uint64();
    if (id !== 0n && await tx.run(id) === undefined) return id;
  }
}
