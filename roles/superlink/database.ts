import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import type { LinkStore } from "../../link/store/store.ts";

/** Values of `--database` for state in memory: ours, and those of Flower 1.9 and today's. */
const MEMORY_NAMES = new Set([":memory:", ":flwr-in-memory-state:", ":flwr-in-memory:", ""]);

/**
 * Reads the value of `--database`: a file's path, or a URL of SQLAlchemy, which Flower uses (`sqlite:///relative.db`,
 * `sqlite:////absolute.db`).
 *
 * @returns the path of the SQLite file, or undefined for state in memory
 * @throws FlwrError "unimplemented" for a URL of another database
 */
export function readDatabase(text: string): string | undefined {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) return MEMORY_NAMES.has(text) ? undefined : text;
  if (!/^sqlite(\+.*)?$/i.test(scheme)) {
    throw new FlwrError("unimplemented", `--database "${scheme}://…" is not supported`, {
      hints: ["Use the path of a SQLite file, or sqlite:///path"],
    });
  }
  const file = rest.replace(/^\//, "").replace(/\?.*$/, "");
  return MEMORY_NAMES.has(file) ? undefined : file;
}

/**
 * Opens the store of the SuperLink's state. SQLite is loaded only if it is used.
 *
 * @param file from {@link readDatabase}
 * @throws FlwrError naming `--database`
 */
export async function openStore(file: string | undefined): Promise<LinkStore> {
  if (file === undefined) return new MemoryStore();
  const { SqliteStore } = await load<typeof import("../../link/store/sqlite/sqlite_store.ts")>(
    new URL("../../link/store/sqlite/sqlite_store.ts", import.meta.url),
  );
  try {
    const store = new SqliteStore(file);
    if (!store.reclaimable) {
      log("superlink").warn(
        "Database {file} is from an earlier version and too large to rebuild at start. It reuses free space, " +
          "but the file does not shrink",
        { file },
      );
    }
    return store;
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new FlwrError(code, `--database: ${message}`, { hints, cause: error });
  }
}
