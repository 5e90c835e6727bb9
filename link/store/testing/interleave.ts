import { type Random, seededRandom } from "../../../base/random.ts";
import { type LinkStore, type LinkTables, wrapStore } from "../store.ts";
import { NotSynced } from "../../transactions/transactions.ts";

/**
 * The store as several SuperLinks would share it, each transaction behind a lock of the whole database. Other work of
 * the process runs around each call of a table, as it does during a round trip to a server. After the commit, other
 * transactions can run before the process learns of it and `onCommit` is called.
 *
 * @param seed of the number of turns that each call takes
 */
export function interleave(store: LinkStore, seed = 1): LinkStore {
  const random = seededRandom(seed);
  return wrapStore(store, {
    isShared: true,
    async transaction(kind, work, onCommit) {
      await turns(random);
      let result;
      try {
        result = await store.transaction(kind, (tables) => work(slowTables(tables, random)));
      } catch (error) {
        if (error instanceof NotSynced) onCommit?.();
        throw error;
      }
      await turns(random);
      onCommit?.();
      return result;
    },
  });
}

/** Lets other work run: up to three turns of promises. Timers do not run, so that tests need no real time. */
async function turns(random: Random): Promise<void> {
  for (let left = Number(random.uint64() % 4n); left > 0; left--) await Promise.resolve();
}

function slowTables(tables: LinkTables, random: Random): LinkTables {
  const slow = Object.entries(tables).map(([name, table]) => [
    name,
    typeof table === "function" ? slowCall(tables, table, random) : slowTable(table, random),
  ]);
  return Object.fromEntries(slow) as unknown as LinkTables;
}

function slowTable<T extends object>(table: T, random: Random): T {
  return new Proxy(table, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? slowCall(target, value, random) : value;
    },
  });
}

// deno-lint-ignore ban-types -- Reflect.apply takes any function
function slowCall(target: object, call: Function, random: Random) {
  return async (...input: unknown[]) => {
    await turns(random);
    const result: unknown = await Reflect.apply(call, target, input);
    await turns(random);
    return result;
  };
}
