import { postgresTest } from "../../../tests/support/postgres.ts";
import { MemoryStore } from "../memory.ts";
import { PostgresStore } from "../postgres/postgres_store.ts";
import { SqliteStore } from "../sqlite/sqlite_store.ts";
import type { LinkStore } from "../store.ts";

/** Runs the same body over a store of each kind. */
export function eachStore(name: string, body: (store: LinkStore) => Promise<void>): void {
  Deno.test(`${name} (memory)`, async () => {
    await using stack = new AsyncDisposableStack();
    await body(opened(stack, new MemoryStore()));
  });
  Deno.test(`${name} (SQLite)`, async () => {
    await using stack = new AsyncDisposableStack();
    await body(opened(stack, await sqlite(stack)));
  });
  postgresTest(`${name} (PostgreSQL)`, async (target) => {
    await using stack = new AsyncDisposableStack();
    await body(opened(stack, await PostgresStore.open(target)));
  });
}

async function sqlite(stack: AsyncDisposableStack): Promise<SqliteStore> {
  const folder = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  return new SqliteStore(`${folder}/link.db`);
}

function opened<S extends LinkStore>(stack: AsyncDisposableStack, store: S): S {
  stack.defer(() => store.close());
  return store;
}
