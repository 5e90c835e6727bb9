import assert from "node:assert/strict";
import { LastingReplayGuard, type LastingVerdict } from "../../auth/lasting_replay_guard.ts";
import { type Bench, linkTest, storeTest } from "./harness.ts";
import { SqliteStore } from "../../link/store/sqlite.ts";
import { createLink } from "../../link/create_link.ts";
import { FakeClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import { errorObject } from "./harness.ts";

const WINDOW_SECONDS = 310;

/** The guard of a SuperLink that has just been started. */
async function guardOf(
  { link, clock }: Pick<Bench, "link" | "clock">,
): Promise<LastingReplayGuard> {
  return new LastingReplayGuard({
    windowSeconds: WINDOW_SECONDS,
    clock,
    ledger: {
      earlier: await link.signedUntil(),
      note: (until, forgetBefore) => link.noteSigned(until, forgetBefore),
    },
  });
}

const signed = (seconds: number) => ({ nonce: String(seconds), seconds });

linkTest("what was accepted before a restart is not accepted after it", async (bench) => {
  const now = bench.clock.now();
  const guard = await guardOf(bench);
  const times = [now - 300, now - 299.5, now - 298];
  for (const time of times) assert.equal(await guard.accept("slow", signed(time)), "fresh");
  assert.equal(await guard.accept("other", signed(now + 4)), "fresh");
  // as kill -9: nobody settles anything
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

linkTest("what does not count any more is not kept", async (bench) => {
  const guard = await guardOf(bench);
  await guard.accept("a", signed(bench.clock.now()));
  await bench.pass(WINDOW_SECONDS + 2);
  await guard.accept("b", signed(bench.clock.now()));
  assert.deepEqual([...(await bench.link.signedUntil()).keys()], ["b"]);
});

storeTest("a transaction that fails notes no signer", async (stores) => {
  const store = stores.open();
  const failing = store.transaction("relaxed", async (tx) => {
    await tx.signers.put("a", 1);
    await tx.signers.forget(0);
    throw new Error("no");
  });
  await assert.rejects(failing);
  await store.transaction("relaxed", async (tx) => {
    assert.equal((await tx.signers.all()).size, 0);
    await tx.signers.put("a", 2);
    await tx.signers.put("a", 1.5);
    await tx.signers.put("b", 1);
    await tx.signers.forget(1.25);
    assert.deepEqual([...await tx.signers.all()], [["a", 1.5]]);
  });
  await store.close();
});

for (const step of ["begin", "write", "commit", "committed"] as const) {
  Deno.test(`a SuperLink that dies at "${step}" has accepted a signature once, or not at all`, async () => {
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
      return await createLink({ store, clock, random, messageObject: errorObject });
    };
    try {
      const now = clock.now();
      const first = await open();
      const guard = await guardOf({ link: first, clock });
      dying = true;
      // What the caller hears is an error: the call was not acted upon.
      await assert.rejects(guard.accept("a", signed(now)));
      dying = false;
      await first.close();
      const second = await open();
      const again: LastingVerdict[] = [];
      const next = await guardOf({ link: second, clock });
      for (let time = 0; time < 3; time++) again.push(await next.accept("a", signed(now)));
      const accepted = again.filter((verdict) => verdict === "fresh").length;
      assert.equal(accepted, step === "committed" ? 0 : 1, again.join());
      await second.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
