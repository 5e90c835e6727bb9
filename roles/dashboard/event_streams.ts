import { HttpRefusal } from "../../rpc/http/refusal.ts";
import type { Connection } from "../../rpc/http/connections.ts";
import type { DashboardSource } from "./source.ts";
import { EventStream, type LogFeed } from "./event_stream.ts";

/** Streams at a time: one for each page that is open. */
export const MAX_STREAMS = 32;

/** The event streams of a dashboard. The SuperLink's changes are read once for all of them, while there are any. */
export class EventStreams {
  readonly #source: DashboardSource;
  readonly #open = new Set<EventStream>();
  #following: AbortController | undefined;

  constructor(source: DashboardSource) {
    this.#source = source;
  }

  /**
   * Opens a stream.
   *
   * @param signal ends it
   * @param log the log that it sends; none by default
   * @throws HttpRefusal if there are too many
   */
  open(connection: Connection, signal: AbortSignal, log?: LogFeed): Response {
    if (this.#open.size >= MAX_STREAMS) {
      throw new HttpRefusal(503, `More than ${MAX_STREAMS} pages show this dashboard: close some`);
    }
    const stream = new EventStream(log);
    this.#open.add(stream);
    const end = () => stream.end();
    signal.addEventListener("abort", end, { once: true });
    this.#follow();
    return stream.response(connection, () => {
      signal.removeEventListener("abort", end);
      this.#open.delete(stream);
      if (this.#open.size > 0) return;
      this.#following?.abort();
      this.#following = undefined;
    });
  }

  /** Ends all streams. */
  end(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  #follow(): void {
    if (this.#following !== undefined) return;
    this.#following = new AbortController();
    void this.#source.follow((changes) => {
      for (const stream of this.#open) stream.add(changes);
    }, this.#following.signal);
  }
}
