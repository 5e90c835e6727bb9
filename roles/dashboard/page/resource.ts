/// <reference lib="dom" />
import { useEffect, useState } from "preact/hooks";
import type { Changes } from "../model/changes.ts";
import { ApiError, get } from "./api.ts";
import { useLive } from "./live.ts";

/** Milliseconds between two requests for the same data, at least. */
const PAUSE_MS = 700;

/** Data of the server that follow its changes. */
export interface Resource<T> {
  /** Undefined until they are there. */
  readonly data: T | undefined;
  /** Why the last request failed. */
  readonly error: string | undefined;
  /** Gets the data again. */
  readonly reload: () => void;
}

/**
 * Gets data from the server, and gets them again after changes.
 *
 * @param path undefined: nothing to get
 * @param isAffected whether a change concerns the data
 * @param merge combines earlier data with new ones; default: the new ones replace them. `pathAfter` may then ask for less
 */
export function useResource<T>(
  path: string | undefined,
  isAffected: (changes: Changes) => boolean,
  incremental?: {
    readonly pathAfter: (data: T) => string;
    readonly merge: (before: T, data: T) => T;
  },
): Resource<T> {
  const live = useLive();
  const [state, setState] = useState<{ path?: string; data?: T; error?: string }>({});
  const [reload, setReload] = useState<() => void>(() => () => {});
  useEffect(() => {
    if (path === undefined) return;
    const fetching = new Refetch<T>(path, incremental, setState);
    setReload(() => () => fetching.request());
    const forget = live.onChanges((changes) => isAffected(changes) && fetching.request());
    fetching.request();
    return () => {
      forget();
      fetching.end();
    };
  }, [path]);
  const isCurrent = state.path === path;
  return {
    data: isCurrent ? state.data : undefined,
    error: isCurrent ? state.error : undefined,
    reload,
  };
}

/** Requests of one path: one at a time, with pauses. */
class Refetch<T> {
  #data: T | undefined;
  #isWanted = false;
  #isBusy = false;
  #isOver = false;

  constructor(
    readonly path: string,
    readonly incremental:
      | { pathAfter: (data: T) => string; merge: (before: T, data: T) => T }
      | undefined,
    readonly onState: (state: { path: string; data?: T; error?: string }) => void,
  ) {}

  /** Asks for the data now, or after the pause. */
  request(): void {
    this.#isWanted = true;
    if (!this.#isBusy) void this.#run();
  }

  /** Ends it: later answers are dropped. */
  end(): void {
    this.#isOver = true;
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    while (this.#isWanted && !this.#isOver) {
      this.#isWanted = false;
      await this.#fetch();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#isBusy = false;
  }

  async #fetch(): Promise<void> {
    const { path, incremental } = this;
    const before = this.#data;
    try {
      const asksForLess = incremental !== undefined && before !== undefined;
      const data = await get<T>(asksForLess ? incremental.pathAfter(before) : path);
      this.#data = asksForLess ? incremental.merge(before, data) : data;
      if (!this.#isOver) this.onState({ path, data: this.#data });
    } catch (error) {
      const message = error instanceof ApiError ? error.message : String(error);
      const data = this.#data;
      if (!this.#isOver) {
        this.onState({ path, ...(data !== undefined && { data }), error: message });
      }
    }
  }
}
