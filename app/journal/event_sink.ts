import type { AppEvent } from "../../entities/journal.ts";

/** Where a run's events are kept. */
export interface EventSink {
  /**
   * Sends events, at most 1,000. Never rejects, because a run does not depend on its events.
   *
   * @returns false if no events are kept there, so that none need be sent
   */
  add(events: readonly AppEvent[]): Promise<boolean>;
}
