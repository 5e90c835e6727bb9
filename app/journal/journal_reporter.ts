import { type Clock, WOKEN } from "../../base/clock.ts";
import type { AppEvent } from "../../entities/journal.ts";
import type { Grid } from "../grid.ts";
import { AppEvents } from "./app_events.ts";
import type { EventSink } from "./event_sink.ts";

/** Seconds between two batches, so that short rounds do not cost a call each. */
const PAUSE_SECONDS = 0.25;
/** Largest number of events in a batch. */
const BATCH = 500;
/** Number of waiting events from which replies of nodes are left out, and from which all are. */
const MANY = 5000;
const TOO_MANY = 10_000;
/** Seconds to wait for the last events at the end of a run. */
const LAST_SECONDS = 5;

/** Reports the events of a run as they happen, in batches. It never delays the run, except for a moment at its end. */
export class JournalReporter {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #events = new AppEvents();
  readonly #ending = new AbortController();
  #waiting: AppEvent[] = [];
  #sending: Promise<void> | undefined;
  #isUnwanted = false;

  constructor(grid: Grid, sink: EventSink) {
    this.#sink = sink;
    this.#clock = grid.clock;
    grid.subscribe((event) => this.#report(this.#events.of(event)));
  }

  /** Sends the events that wait, at the end of the run. Resolves after a few seconds in any case. */
  async settled(): Promise<void> {
    this.#ending.abort(WOKEN);
    const enough = new AbortController();
    const sent = this.#sending?.then(() => enough.abort(WOKEN));
    if (sent !== undefined) await this.#clock.sleep(LAST_SECONDS, enough.signal);
    this.#isUnwanted = true;
  }

  #report(events: readonly AppEvent[]): void {
    if (this.#isUnwanted) return;
    for (const event of events) {
      const limit = event.kind === "node-replied" ? MANY : TOO_MANY;
      if (this.#waiting.length < limit) this.#waiting.push(event);
    }
    if (this.#waiting.length > 0) this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    // Events of the same turn go together.
    await Promise.resolve();
    while (this.#waiting.length > 0 && !this.#isUnwanted) {
      const isKept = await this.#sink.add(this.#waiting.splice(0, BATCH));
      if (!isKept) this.#isUnwanted = true;
      else await this.#clock.sleep(PAUSE_SECONDS, this.#ending.signal);
    }
    this.#waiting = [];
    this.#sending = undefined;
  }
}
