import type { Clock } from "../../../../base/clock.ts";
import type { Random } from "../../../../base/random.ts";

/** Seconds between two heartbeats of a task, least and most: Flower gives up on a task after 60 s. */
const TASK_HEARTBEAT_SECONDS = { least: 17.5, most: 22.5 } as const;

/** How heartbeats are sent. */
export interface TaskHeartbeatsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends them. */
  readonly signal: AbortSignal;
}

/** Sends a task's heartbeats until the signal is aborted. @param beat one heartbeat; must not reject */
export async function sendTaskHeartbeats(
  beat: () => Promise<void>,
  { clock, random, signal }: TaskHeartbeatsOptions,
): Promise<void> {
  const { least, most } = TASK_HEARTBEAT_SECONDS;
  while (!signal.aborted) {
    await clock.sleep(least + random.uniform() * (most - least), signal);
    if (!signal.aborted) await beat();
  }
}
