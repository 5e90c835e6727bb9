import type { EventSink } from "../../../../app/journal/event_sink.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import type { AppEvent } from "../../../../entities/journal.ts";
import type { RuntimeClient } from "./runtime_client.ts";

/** Errors after which events are worth another attempt with the next ones. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "unavailable",
  "deadline-exceeded",
  "resource-exhausted",
]);

/** Sends a ServerApp's events to its SuperLink. Flower's own SuperLinks, and ours before 0.4, do not take them. */
export class EventUpload implements EventSink {
  readonly #client: Pick<RuntimeClient, "pushEvents">;

  constructor(client: Pick<RuntimeClient, "pushEvents">) {
    this.#client = client;
  }

  async add(events: readonly AppEvent[]): Promise<boolean> {
    try {
      await this.#client.pushEvents(events);
      return true;
    } catch (error) {
      return PASSING.has(FlwrError.from(error).code);
    }
  }
}
