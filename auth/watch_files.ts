import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";

/** Seconds between two looks at watched files. */
const POLL_SECONDS = 1;

/** Options of {@link watchFiles}. */
export interface WatchFilesOptions<T> {
  /** Reads and checks the files. */
  readonly read: () => Promise<T>;
  /** What the files contained, and their version before they were read. Default: they are read. */
  readonly known?: { readonly content: T; readonly version: string };
  /** Stops watching. */
  readonly signal: AbortSignal;
  /** Called with each later version that could be read. Must not throw. */
  readonly onChange: (next: T) => void | Promise<void>;
  /** Called once for each version that is unreadable or invalid. Must not throw. */
  readonly onError: (error: FlwrError) => void;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Files that are read again when they change. */
export interface WatchedFiles<T> {
  /** What the files contained at first. */
  readonly first: T;
  /** Reads the files now if they have changed, without waiting until they settle. Never rejects. */
  look(): Promise<void>;
  /** Resolves when watching has stopped; never rejects. */
  readonly done: Promise<void>;
}

/**
 * Reads files that belong together, and reads them again when one of them changes. They are polled once a second. File
 * system events are not enough: editors and `mv` replace a file, which a watch on the file misses, and network file
 * systems send no events.
 *
 * A new version is read when two polls in a row find the same files. Otherwise a partly written one might be used: half
 * of a list may be valid, and a certificate may be there before its key.
 *
 * @throws what `read` throws for the first version
 */
export async function watchFiles<T>(
  files: readonly string[],
  options: WatchFilesOptions<T>,
): Promise<WatchedFiles<T>> {
  const { read, known, signal, onChange, onError, clock = systemClock } = options;
  let loaded = known?.version ?? await versionOf(files);
  const first = known === undefined ? await read() : known.content;
  let seen = loaded;

  const load = async (version: string) => {
    const next = await read().catch(FlwrError.from);
    if (await versionOf(files) !== version) return;
    loaded = version;
    if (next instanceof FlwrError) return onError(next);
    await onChange(next);
  };
  const poll = async () => {
    const version = await versionOf(files);
    const settled = version === seen;
    seen = version;
    if (settled && version !== loaded) await load(version);
  };
  // One look at a time, so that an older version is never reported after a newer one.
  let looking: Promise<void> = Promise.resolve();
  const inTurn = (look: () => Promise<void>) => looking = looking.then(look);
  const follow = async () => {
    while (!signal.aborted) {
      await clock.sleep(POLL_SECONDS, signal);
      if (!signal.aborted) await inTurn(poll);
    }
  };
  return {
    first,
    look: () =>
      inTurn(async () => {
        const version = await versionOf(files);
        if (version !== loaded && !signal.aborted) await load(version);
      }),
    done: follow(),
  };
}

/** Identifies the present version of some files. */
export async function versionOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(files.map(async (file) => {
    try {
      const { ino, size, mtime, ctime } = await Deno.stat(file);
      return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
    } catch {
      return "none";
    }
  }));
  return stamps.join("\n");
}
