import type { Clock } from "../../base/clock.ts";
import { log } from "../../base/log.ts";
import type { Readiness } from "../../rpc/readiness.ts";

/** Seconds between two looks. */
const LOOK_SECONDS = 1;
/** Number of looks in a row without an answer after which the database counts as unreachable. */
const MISSES = 4;
/** Number of looks in a row with an answer after which an unreachable database counts as reachable. */
const ANSWERS = 2;

/** Options of {@link watchDatabase}. */
export interface WatchDatabaseOptions {
  /** Resolves when the database's server answers; see LinkStore.ping. */
  readonly ping: () => Promise<void>;
  readonly readiness: Readiness;
  readonly clock: Clock;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/**
 * Makes a SuperLink unready while its database cannot be reached, so that a load balancer sends callers to another one.
 * It counts looks, not time: a process that stood still has looked only once. Two different numbers keep a connection
 * that comes and goes from changing the state each time.
 */
export async function watchDatabase(options: WatchDatabaseOptions): Promise<void> {
  const { ping, readiness, clock, signal } = options;
  const logger = log("superlink");
  let [misses, answers] = [0, 0];
  let asked: { hasAnswered?: boolean } | undefined;
  while (!signal.aborted) {
    if (asked === undefined || asked.hasAnswered !== undefined) {
      const question: { hasAnswered?: boolean } = asked = {};
      ping().then(() => question.hasAnswered = true, () => question.hasAnswered = false);
    }
    await clock.sleep(LOOK_SECONDS, signal);
    if (signal.aborted) return;
    if (asked.hasAnswered === true) [misses, answers] = [0, answers + 1];
    else [misses, answers] = [misses + 1, 0];
    if (readiness.isReady && misses >= MISSES) {
      readiness.isReady = false;
      logger.warn("The database does not answer. Health checks fail until it does", {
        event: "database-unreachable",
      });
    } else if (!readiness.isReady && answers >= ANSWERS) {
      readiness.isReady = true;
      logger.info("The database answers again", { event: "database-reachable" });
    }
  }
}
