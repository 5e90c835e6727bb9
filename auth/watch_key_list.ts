import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type KeyList, type ListedKey, readKeyList } from "./key_list.ts";
import type { NamedFile } from "./read_text.ts";

/** How often a watched key list is looked at, in seconds. */
const KEY_LIST_POLL_SECONDS = 1;

/** How a key list is watched. */
export interface WatchKeyListOptions {
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Called after the list changed, once per version of the file that changes the set of keys. */
  readonly onChange: (added: ListedKey[], removed: ListedKey[]) => void;
  /** Called once per version of the file that cannot be read or holds an error; the last good list stays. */
  readonly onError: (error: FlwrError) => void;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A key list that follows its file. */
export interface WatchedKeyList {
  /** The last version that could be read. */
  readonly current: KeyList;
  /** Resolves when the watching has ended; never rejects. */
  readonly done: Promise<void>;
}

/**
 * Reads a key list and follows the file, looking at it once a second: editors and `mv` replace a file, which a watch
 * on the file itself would miss, and network file systems send no events.
 *
 * A version is read when two looks in a row find the same file, so that one still being written, which may well
 * parse with half of its keys, does not cut nodes off.
 *
 * @throws FlwrError when the first version cannot be read, as readKeyList
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

/** What tells one version of a file from another; "none" while there is no file. */
async function stampOf(file: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(file);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "none";
  }
}
