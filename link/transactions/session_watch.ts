import type { Clock } from "../../base/clock.ts";
import type { Sessions, SessionsLook } from "./sessions.ts";

/** Seconds between two looks. */
const LOOK_SECONDS = 1;
/** Number of looks in a row without a session after which it counts as ended: one that was lost is soon replaced. */
const MISSES = 3;
/** Number of such looks after which a SuperLink is forgotten. Its lease ends sooner. */
const FORGOTTEN_MISSES = 120;

/**
 * Notices that another SuperLink's session at the store's server has ended, as it does when its process is killed. Only
 * sessions that it has seen count, because those of earlier versions have no name. If its own session is replaced, it
 * begins anew, because the server may have ended all of them.
 *
 * The end of a session alone does not prove that its SuperLink has ended; see ServerLease.ended.
 */
export class SessionWatch {
  readonly #sessions: Sessions;
  /** SuperLinks whose sessions were seen, and the number of looks since then. */
  readonly #misses = new Map<bigint, number>();
  #own: object | undefined;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Whether the session of a SuperLink has ended. */
  hasEnded(serverId: bigint): boolean {
    return (this.#misses.get(serverId) ?? 0) >= MISSES;
  }

  /** Looks once. Never rejects. @returns whether a session has ended that is not forgotten */
  async look(): Promise<boolean> {
    let found: SessionsLook;
    try {
      found = await this.#sessions.look();
    } catch {
      this.#misses.clear();
      return false;
    }
    if (found.own !== this.#own) this.#misses.clear();
    this.#own = found.own;
    for (const [serverId, misses] of this.#misses) {
      if (misses < FORGOTTEN_MISSES) this.#misses.set(serverId, misses + 1);
      else this.#misses.delete(serverId);
    }
    for (const serverId of found.serverIds) this.#misses.set(serverId, 0);
    return [...this.#misses.keys()].some((serverId) => this.hasEnded(serverId));
  }

  /** Looks every second until the domain closes. @param onEnded called after each look that finds an ended session */
  async lookUntil(closing: AbortSignal, clock: Clock, onEnded: () => void): Promise<void> {
    for (;;) {
      await clock.sleep(LOOK_SECONDS, closing);
      if (closing.aborted) return;
      if (await this.look()) onEnded();
    }
  }
}
