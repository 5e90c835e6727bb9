import { FlwrError } from "../../../base/error.ts";
import type { Reconnecting } from "./reconnect.ts";

/** Connections that transactions use, each for one at a time, in the order of the calls. */
export class Pool {
  readonly #connections: readonly Reconnecting[];
  readonly #idle: Reconnecting[];
  readonly #waiting: ((connection: Reconnecting) => void)[] = [];
  readonly #maxWaiting: number;
  #running = 0;
  #onIdle: (() => void) | undefined;
  #isClosed = false;

  /**
   * @param connections those first in the list are used first
   * @param maxWaiting largest number of works that wait
   */
  constructor(connections: readonly Reconnecting[], maxWaiting: number) {
    this.#connections = connections;
    this.#idle = [...connections];
    this.#maxWaiting = maxWaiting;
  }

  /** @throws unavailable after `close`, and at the limit */
  async run<T>(work: (connection: Reconnecting) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new FlwrError("unavailable", "The SuperLink's store is closed");
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new FlwrError("unavailable", "The SuperLink's store is overloaded");
    }
    this.#running++;
    const connection = this.#idle.shift() ??
      await new Promise<Reconnecting>((resolve) => this.#waiting.push(resolve));
    try {
      return await work(connection);
    } finally {
      const next = this.#waiting.shift();
      if (next !== undefined) next(connection);
      else this.#idle.splice(this.#placeOf(connection), 0, connection);
      if (--this.#running === 0) this.#onIdle?.();
    }
  }

  /** Closes the connections, which are made again when they are used. */
  disconnect(): void {
    for (const connection of this.#connections) connection.disconnect();
  }

  /** Rejects further work, waits for the work that came before, and closes the connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  /** Where an idle connection belongs, so that those first in the list are used first. */
  #placeOf(connection: Reconnecting): number {
    const order = this.#connections.indexOf(connection);
    const place = this.#idle.findIndex((idle) => this.#connections.indexOf(idle) > order);
    return place < 0 ? this.#idle.length : place;
  }
}
