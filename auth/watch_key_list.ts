import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type KeyList, type ListedKey, readKeyList } from "./key_list.ts";
import type { NamedFile } from "./read_text.ts";

/** Seconds between two checks of a watched key list. */
const KEY_LIST_POLL_SECONDS = 1;

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
 * Reads a key list and watches its file by polling once a second. File system events are not enough: editors and `mv`
 * replace a file, which a watch on the file misses, and network file systems send no events.
 *
 * A new version is read when two polls in a row find the same file. Otherwise a partly written file, which may be valid
 * with half of its keys, would disconnect nodes.
 *
 * @throws FlwrError like readKeyList, if the first version cannot be read
 */
export async function watchKeyList(
  named: NamedFile,
  options: WatchKeyListOptions,
): Promise<WatchedKeyList> {
  const { signal, onChange, onError, clock = systemClock } = options;
  let loaded = await stampOf(named.file);
  let current = await readKeyList(named);
  let seen = loaded;

  const look = async () => {
    const stamp = await stampOf(named.file);
    const settled = stamp === seen;
    seen = stamp;
    if (!settled || stamp === loaded) return;
    const next = await readKeyList(named).catch(FlwrError.from);
    if (await stampOf(named.file) !== stamp) return;
    loaded = stamp;
    if (next instanceof FlwrError) return onError(next);
    const [added, removed] = [next.without(current), current.without(next)];
    current = next;
    if (added.length + removed.length > 0) onChange(added, removed);
  };
  const follow = async () => {
    while (!signal.aborted) {
      await clock.sleep(KEY_LIST_POLL_SECONDS, signal);
      if (!signal.aborted) await look();
    }
  };
  return {
    get current() {
      return current;
    },
    done: follow(),
  };
}

/** Identifies a version of a file; "none" if it does not exist. */
async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(file);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "none";
  }
}
