import type { Clock } from "../base/clock.ts";
import type { FlwrError } from "../base/error.ts";
import { type KeyList, type ListedKey, readKeyList } from "./key_list.ts";
import type { NamedFile } from "./read_text.ts";
import { watchFiles } from "./watch_files.ts";

/** Options of {@link watchKeyList}. */
export interface WatchKeyListOptions {
  /** Stops watching. */
  readonly signal: AbortSignal;
  /** Called after each change of the set of keys. */
  readonly onChange: (added: ListedKey[], removed: ListedKey[]) => void;
  /** Called once for each version of the file that is unreadable or invalid. The last valid list stays in use. */
  readonly onError: (error: FlwrError) => void;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A key list that is reloaded when its file changes. */
export interface WatchedKeyList {
  /** The last valid version. */
  readonly current: KeyList;
  /** Resolves when watching has stopped; never rejects. */
  readonly done: Promise<void>;
}

/**
 * Reads a key list and watches its file, as {@link watchFiles} does. A half-written version would disconnect nodes.
 *
 * @throws FlwrError like readKeyList, if the first version cannot be read
 */
export async function watchKeyList(
  named: NamedFile,
  { signal, onChange, onError, clock }: WatchKeyListOptions,
): Promise<WatchedKeyList> {
  let current: KeyList | undefined;
  const { first, done } = await watchFiles([named.file], {
    signal,
    clock,
    read: () => readKeyList(named),
    onChange(next) {
      const before = current ?? first;
      const [added, removed] = [next.without(before), before.without(next)];
      current = next;
      if (added.length + removed.length > 0) onChange(added, removed);
    },
    onError,
  });
  return {
    get current() {
      return current ?? first;
    },
    done,
  };
}
