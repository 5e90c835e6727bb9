/// <reference lib="dom" />
import { useContext, useEffect, useState } from "preact/hooks";
import { createContext } from "preact";
import type { Changes } from "../model/changes.ts";
import type { LogChunk } from "../model/run.ts";

/** Whether the page hears of changes. */
export type LiveState = "connecting" | "live" | "lost";

/** A log that the stream sends. */
interface FollowedLog {
  readonly run: string;
  position: number;
  readonly onChunk: (chunk: LogChunk) => void;
}

/** The one stream of events of the page. It brings changes, and the log that the page shows. */
export class Live {
  #source: EventSource | undefined;
  #log: FollowedLog | undefined;
  #state: LiveState = "connecting";
  /** The server's clock minus this browser's, in seconds. */
  #clockOffset = 0;
  readonly #onChanges = new Set<(changes: Changes) => void>();
  readonly #onState = new Set<(state: LiveState) => void>();

  /** Opens the stream. */
  open(): void {
    this.#source?.close();
    const log = this.#log;
    const query = log === undefined ? "" : `?log=${log.run}&after=${log.position}`;
    const source = this.#source = new EventSource(`/api/stream${query}`);
    source.onopen = () => {
      this.#setState("live");
      // What happened while there was no stream is unknown.
      this.#tell({ nodes: true, now: this.now() });
    };
    source.onerror = () => {
      this.#setState("lost");
      // The browser gives up after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED && source === this.#source) {
        setTimeout(() => source === this.#source && this.open(), 2000);
      }
    };
    source.addEventListener("changes", (event) => {
      const changes = JSON.parse((event as MessageEvent<string>).data) as Changes;
      this.#clockOffset = changes.now - Date.now() / 1000;
      this.#tell(changes);
    });
    source.addEventListener("log", (event) => {
      const chunk = JSON.parse((event as MessageEvent<string>).data) as LogChunk;
      if (log === undefined) return;
      log.position = chunk.position;
      log.onChunk(chunk);
    });
  }

  /** The SuperLink's time: Unix seconds. */
  now(): number {
    return Date.now() / 1000 + this.#clockOffset;
  }

  /** Follows a run's log from its start, until the returned function is called. */
  followLog(run: string, onChunk: (chunk: LogChunk) => void): () => void {
    this.#log = { run, position: 0, onChunk };
    this.open();
    return () => {
      this.#log = undefined;
      this.open();
    };
  }

  /** Calls a function with each change, until the returned function is called. */
  onChanges(listener: (changes: Changes) => void): () => void {
    this.#onChanges.add(listener);
    return () => this.#onChanges.delete(listener);
  }

  /** Calls a function with the state, now and when it changes, until the returned function is called. */
  onState(listener: (state: LiveState) => void): () => void {
    listener(this.#state);
    this.#onState.add(listener);
    return () => this.#onState.delete(listener);
  }

  #tell(changes: Changes): void {
    for (const listener of this.#onChanges) listener(changes);
  }

  #setState(state: LiveState): void {
    this.#state = state;
    for (const listener of this.#onState) listener(state);
  }
}

/** The page's stream. */
export const LiveContext = createContext<Live | undefined>(undefined);

/** The page's stream. */
export function useLive(): Live {
  return useContext(LiveContext)!;
}

/** The SuperLink's time, which a component shows: it is drawn again each second while `isRunning`. */
export function useNow(isRunning: boolean): number {
  const live = useLive();
  const [, redraw] = useState(0);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => redraw((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return live.now();
}
