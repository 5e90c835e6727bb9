/** A reader of a shared journal, while two SuperLinks write to it at the same time. */
import assert from "node:assert/strict";
import { postgresTest } from "../../tests/support/postgres.ts";
import type { NewJournalRecord } from "../../entities/journal.ts";
import { PostgresStore } from "../store/postgres/postgres_store.ts";

const RECORDS = 30;

postgresTest(
  "a reader never passes a record that another SuperLink has yet to commit",
  async (target) => {
    await using stack = new AsyncDisposableStack();
    const open = async () => {
      const store = await PostgresStore.open(target);
      stack.defer(() => store.close());
      return store;
    };
    const [one, other, reading] = [await open(), await open(), await open()];
    /** @param skew how far the clock of the SuperLink is ahead, in microseconds */
    const write = async (store: PostgresStore, serverId: string, skew: number) => {
      for (let nth = 0; nth < RECORDS; nth++) {
        const record: NewJournalRecord = { kind: "superlink-ended", data: { serverId } };
        const added = { ...record, at: nth, isDetail: false };
        await store.transaction(nth % 2 === 0 ? "relaxed" : "durable", async (tx) => {
          await tx.journal.add(nth % 3 === 0 ? [added, added] : [added], 1e15 + nth + skew);
          // Other transactions begin, and would commit, between the record and its commit.
          for (let pause = 0; pause < nth % 4; pause++) await tx.journal.since(0, 1);
        });
      }
    };
    const seen: number[] = [];
    let isOver = false;
    const read = async () => {
      for (let last = false; !last;) {
        last = isOver;
        const found = await reading.transaction(
          "read-only",
          (tx) => tx.journal.since(seen.at(-1) ?? 0, 1000),
        );
        seen.push(...found.map(({ sequence }) => sequence));
      }
    };
    const reader = read();
    await Promise.all([write(one, "one", 0), write(other, "other", 1e6)]);
    isOver = true;
    await reader;
    const all = await reading.transaction("read-only", (tx) => tx.journal.since(0, 1000));
    assert.equal(all.length, 2 * (RECORDS + RECORDS / 3));
    assert.deepEqual(seen, all.map(({ sequence }) => sequence));
  },
);
