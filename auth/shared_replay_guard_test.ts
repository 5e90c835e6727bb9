import assert from "node:assert/strict";
import { FakeClock } from "../base/clock.ts";
import {
  SharedReplayGuard,
  type SignatureLedger,
  type UsedSignature,
} from "./shared_replay_guard.ts";

const WINDOW = 310;

/** A ledger that several guards share, and that counts its writes. */
class FakeLedger implements SignatureLedger {
  readonly kept = new Map<string, number>();
  writes = 0;
  failing = false;

  async add(signatures: readonly UsedSignature[]): Promise<boolean[]> {
    this.writes++;
    await Promise.resolve();
    if (this.failing) throw new Error("the database is gone");
    return signatures.map(({ peer, nonce, until }) => {
      const isNew = !this.kept.has(`${peer} ${nonce}`);
      if (isNew) this.kept.set(`${peer} ${nonce}`, until);
      return isNew;
    });
  }

  removeExpired(now: number): Promise<void> {
    for (const [key, until] of this.kept) if (until <= now) this.kept.delete(key);
    return Promise.resolve();
  }
}

function guards() {
  const [clock, ledger] = [new FakeClock(), new FakeLedger()];
  const guard = () => new SharedReplayGuard({ windowSeconds: WINDOW, ledger, clock });
  return { clock, ledger, a: guard(), b: guard(), signed: { nonce: "1", seconds: clock.now() } };
}

Deno.test("a signature that one process accepted is refused by each", async () => {
  const { a, b, signed } = guards();
  const both = await Promise.all([a.accept("peer", signed), b.accept("peer", signed)]);
  assert.deepEqual(both.sort(), ["fresh", "replayed"]);
  assert.equal(await a.accept("peer", signed), "replayed");
  assert.equal(await b.accept("peer", signed), "replayed");
  assert.equal(await b.accept("other", signed), "fresh");
});

Deno.test("signatures that arrive together share writes", async () => {
  const { a, ledger, signed } = guards();
  const together = Array.from({ length: 100 }, (_, place) => `${place}`);
  const verdicts = await Promise.all(
    together.map((nonce) => a.accept("peer", { ...signed, nonce })),
  );
  assert.ok(verdicts.every((verdict) => verdict === "fresh"));
  assert.ok(ledger.writes <= 2, `${ledger.writes} writes`);
});

Deno.test("a signature whose record failed is refused, and later ones are accepted", async () => {
  const { a, ledger, signed } = guards();
  ledger.failing = true;
  await assert.rejects(a.accept("peer", signed), /gone/);
  ledger.failing = false;
  assert.equal(await a.accept("peer", signed), "replayed");
  assert.equal(await a.accept("peer", { ...signed, nonce: "2" }), "fresh");
});

Deno.test("a record lasts as long as its signature, by each clock, and no longer", async () => {
  const { a, b, clock, ledger, signed } = guards();
  await a.accept("peer", signed);
  await clock.advance(WINDOW + 10);
  await b.accept("peer", { nonce: "2", seconds: clock.now() });
  assert.equal(ledger.kept.size, 2);
  await clock.advance(WINDOW);
  await b.accept("peer", { nonce: "3", seconds: clock.now() });
  assert.deepEqual([...ledger.kept.keys()], ["peer 2", "peer 3"]);
});
