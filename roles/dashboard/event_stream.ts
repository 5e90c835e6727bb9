import type { Connection } from "../../rpc/http/connections.ts";
import { responseBody } from "../../rpc/http/response_body.ts";
import type { Changes } from "./model/changes.ts";
import type { LogChunk } from "./model/run.ts";
import { RESPONSE_HEADERS } from "./response_headers.ts";

/** Seconds between two comments on a quiet stream, so that both ends notice a lost connection. */
const COMMENT_SECONDS = 15;

/** Changed runs that are named one by one. More count as "any run". */
const MAX_NAMED_RUNS = 100;

/** Log to send on a stream, from a position on. */
export interface LogFeed {
  readonly next: (position: number, signal: AbortSignal) => Promise<LogChunk>;
  readonly position: number;
}

/**
 * A stream of server-sent events to one page: "changes" ({@link Changes}), and "log" ({@link LogChunk}) if it follows a
 * run's log. What the page has not taken yet is combined, so a slow page costs no more memory than one message of each
 * kind.
 */
export class EventStream {
  readonly #ended = new AbortController();
  #runs: Set<string> | undefined = new Set();
  #nodes = false;
  #now: number | undefined;
  #log: LogChunk | undefined;
  #logTaken: (() => void) | undefined;
  #wake = () => {};

  /** @param log the log to send; none by default */
  constructor(log?: LogFeed) {
    if (log !== undefined) void this.#followLog(log);
  }

  /** Adds a change to the next message. */
  add({ runs, nodes, now }: Changes): void {
    this.#nodes ||= nodes;
    this.#now = now;
    if (runs === undefined) this.#runs = undefined;
    for (const run of runs ?? []) this.#runs?.add(run);
    if (this.#runs !== undefined && this.#runs.size > MAX_NAMED_RUNS) this.#runs = undefined;
    this.#wake();
  }

  /** Ends the stream. */
  end(): void {
    this.#ended.abort();
    this.#logTaken?.();
    this.#wake();
  }

  /** The response. @param ended called once, when the stream has ended at either end */
  response(connection: Connection, ended: () => void): Response {
    const encoder = new TextEncoder();
    let isFirst = true;
    const body = responseBody(connection, {
      next: async () => {
        // The headers leave with the first bytes.
        const text = isFirst ? "retry: 1000\n\n" : await this.#next();
        isFirst = false;
        return text === undefined ? undefined : encoder.encode(text);
      },
      ended: () => {
        this.end();
        ended();
      },
    });
    return new Response(body, {
      headers: { ...RESPONSE_HEADERS, "content-type": "text/event-stream" },
    });
  }

  async #next(): Promise<string | undefined> {
    for (let waited = false; !this.#ended.signal.aborted; waited = true) {
      const message = this.#take();
      if (message !== undefined) return message;
      if (waited) return ": still here\n\n";
      await this.#waitForMessage();
    }
  }

  #take(): string | undefined {
    if (this.#log !== undefined) {
      const log = this.#log;
      this.#log = undefined;
      this.#logTaken?.();
      return `event: log\nid: ${log.position}\ndata: ${JSON.stringify(log)}\n\n`;
    }
    if (this.#now === undefined) return undefined;
    const changes: Changes = {
      ...(this.#runs !== undefined && { runs: [...this.#runs] }),
      nodes: this.#nodes,
      now: this.#now,
    };
    [this.#runs, this.#nodes, this.#now] = [new Set(), false, undefined];
    return `event: changes\ndata: ${JSON.stringify(changes)}\n\n`;
  }

  async #waitForMessage(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, COMMENT_SECONDS * 1000);
    await promise;
    clearTimeout(timer);
  }

  async #followLog({ next, position }: LogFeed): Promise<void> {
    const { signal } = this.#ended;
    let after = position;
    while (!signal.aborted) {
      let chunk: LogChunk;
      try {
        chunk = await next(after, signal);
      } catch {
        // The run was removed, or the SuperLink ends. The page asks again and shows the error.
        return;
      }
      if (chunk.text !== "" || chunk.isEnd) await this.#offer(chunk);
      if (chunk.isEnd) return;
      after = chunk.position;
    }
  }

  /** Waits until the page takes the piece, so only one is in memory. */
  async #offer(chunk: LogChunk): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#logTaken = resolve;
    this.#log = chunk;
    this.#wake();
    await promise;
  }
}
