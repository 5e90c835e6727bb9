import assert from "node:assert/strict";
import { LastingReplayGuard, type LastingVerdict } from "../../auth/lasting_replay_guard.ts";
import { type Bench, linkTest, storeTest } from "./harness.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import { createLink } from "../../link/create_link.ts";
import { FakeClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { errorObject } from "./harness.ts";

const WINDOW_SECONDS = 310;

/** The guard of a SuperLink that was just started. */
function guardOf({ store, clock }: Pick<Bench, "store" | "clock">): Promise<LastingReplayGuard> {
  const { signers: ledger } = store;
  return LastingReplayGuard.open({ windowSeconds: WINDOW_SECONDS, clock, ledger });
}

const signed = (seconds: number) => ({ nonce: String(seconds), seconds });

linkTest("a signature accepted before a restart is refused after it", async (bench) => {
  const now = bench.clock.now();
  const guard = await guardOf(bench);
  const times = [now - 300, now - 299.5, now - 298];
  for (const time of times) assert.equal(await guard.accept("slow", signed(time)), "fresh");
  assert.equal(await guard.accept("other", signed(now + 4)), "fresh");
  // Like kill -9: the guard does not settle.
  await bench.restart();
  const crashed = await guardOf(bench);
  for (const time of times) assert.equal(await crashed.accept("slow", signed(time)), "unsure");
  assert.equal(await crashed.accept("other", signed(now + 4)), "unsure");
  assert.equal(await crashed.accept("slow", signed(now - 296)), "fresh", "its clock is behind");
  await crashed.settle();
  await bench.restart();
  const ended = await guardOf(bench);
  assert.equal(await ended.accept("slow", signed(now - 296)), "unsure");
  assert.equal(await ended.accept("slow", signed(now - 295.999)), "fresh", "nobody waits");
});

linkTest("expired records are removed", async (bench) => {
  const guard = await guardOf(bench);
  await guard.accept("a", signed(bench.clock.now()));
  await bench.pass(WINDOW_SECONDS + 2);
  await guard.accept("b", signed(bench.clock.now()));
  assert.deepEqual([...(await bench.store.signers.read()).keys()], ["b"]);
});

storeTest(
  "a new time replaces the previous one, and records before forgetBefore are removed",
  async (stores) => {
    const store = await stores.open();
    const { signers } = store;
    await signers.note(new Map([["a", 2], ["b", 1]]), 0);
    await signers.note(new Map([["a", 1.5]]), 1.25);
    assert.deepEqual([...await signers.read()], [["a", 1.5]]);
    await store.close();
  },
);

Deno.test("a failed transaction records no signer", async () => {
  const folder = await Deno.makeTempDir();
  let failing = true;
  const store = new SqliteStore(`${folder}/link.db`, {
    onStep: (at) => {
      if (failing && at === "commit") throw new Error("no");
    },
  });
  try {
    await assert.rejects(store.signers.note(new Map([["a", 1]]), 0));
    failing = false;
    assert.equal((await store.signers.read()).size, 0);
  } finally {
    await store.close();
    await Deno.remove(folder, { recursive: true });
  }
});

for (const step of ["begin", "write", "commit", "committed"] as const) {
  Deno.test(`a SuperLink that crashes at "${step}" has accepted a signature once or not at all`, async () => {
    const folder = await Deno.makeTempDir();
    const clock = new FakeClock();
    let dying = false;
    const open = async () => {
      const store = new SqliteStore(`${folder}/link.db`, {
        onStep: (at) => {
          if (dying && at === step) throw new Error("killed");
        },
      });
      const random = seededRandom(1);
      const link = await createLink({ store, clock, random, messageObject: errorObject });
      return { store, link };
    };
    try {
      const now = clock.now();
      const first = await open();
      const guard = await guardOf({ store: first.store, clock });
      dying = true;
      // The caller gets an error, because the call had no effect.
      await assert.rejects(guard.accept("a", signed(now)));
      dying = false;
      await first.link.close();
      const second = await open();
      const again: LastingVerdict[] = [];
      const next = await guardOf({ store: second.store, clock });
      for (let time = 0; time < 3; time++) again.push(await next.accept("a", signed(now)));
      const accepted = again.filter((verdict) => verdict === "fresh").length;
      assert.equal(accepted, step === "committed" ? 0 : 1, again.join());
      await second.link.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
