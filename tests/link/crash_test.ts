import assert from "node:assert/strict";
import { join } from "node:path";
import { type Random, seededRandom } from "../../base/random.ts";
import type { DurableStep } from "../../link/store/sqlite/sqlite_store.ts";
import { Federation } from "./crash_federation.ts";
import { CrashingTwins } from "./crashing_twins.ts";
import type { Operation } from "./crash_protocol.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { postgresTest } from "../support/postgres.ts";
import { type CrashingSuperLink, RestartingSuperLink } from "./restarting_superlink.ts";

const OPERATIONS: readonly Operation[] = [
  "nodes.create",
  "nodes.heartbeat",
  "runs.claim",
  "runs.begin",
  "runs.heartbeat",
  "messages.pullInstruction",
  "messages.returnInstruction",
  // Alternating rounds push with and without inline objects, from ServerApp and nodes.
  "messages.openPush",
  "messages.openPush",
  "messages.openPush",
  "messages.putObject",
  "messages.pullReplies",
  "messages.confirmReceived",
  "runs.appendLog",
  "runs.finish",
  "advance",
];

/** Where the SuperLink crashes. */
interface Moment {
  readonly operation: Operation;
  readonly step: DurableStep;
}

/** Steps of transactions at which the SuperLink crashes, in turn. */
const MOMENTS: readonly Moment[] = OPERATIONS.flatMap((operation) =>
  (["begin", "write", "commit", "committed"] as const).map((step) => ({ operation, step }))
);
/** Space is reclaimed while time passes. */
const RECLAIM: readonly Moment[] = [
  { operation: "advance", step: "reclaim" },
  { operation: "advance", step: "reclaimed" },
];
/** 50 in the nightly test. */
const SEEDS = Array.from({ length: NIGHTLY ? 50 : 1 }, (_, i) => i + 1);
/** With PostgreSQL, where each crash costs more time: 5 in the nightly test. */
const SHARED_SEEDS = SEEDS.slice(0, 5);
/** By day, one moment of so many with PostgreSQL. */
const DAY_PART = 32;

/** Plays rounds with a crash at each moment, and checks what the ServerApp and the nodes see. */
async function survive(
  link: CrashingSuperLink,
  random: Random,
  moments: readonly Moment[],
): Promise<void> {
  const federation = new Federation(link, random);
  await federation.found();
  for (const { operation, step } of moments) {
    const calls = 1 + Math.floor(random.uniform() * 2);
    // Most calls have several writes.
    const occurrence = step === "write" ? calls + Math.floor(random.uniform() * 5) : calls;
    await link.arm({ operation, step, occurrence });
    const deaths = link.deaths;
    for (let round = 0; link.deaths === deaths; round++) {
      assert.ok(round < 20, `It never came to ${step} of ${operation}`);
      await federation.playRound();
    }
  }
  assert.equal(link.deaths, moments.length);
  await federation.dissolve();
}

for (const seed of SEEDS) {
  Deno.test(`killed at durable steps, it loses and doubles nothing (seed ${seed})`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await using link = new RestartingSuperLink(join(folder, "link.db"));
      const moments = NIGHTLY ? MOMENTS : MOMENTS.filter((_, nth) => nth % 3 === seed % 3);
      await survive(link, seededRandom(seed), [...moments, ...RECLAIM]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** All moments at night. By day a part, another one with each seed. */
function someMoments(seed: number): readonly Moment[] {
  return NIGHTLY ? MOMENTS : MOMENTS.filter((_, nth) => nth % DAY_PART === seed % DAY_PART);
}

for (const seed of SHARED_SEEDS) {
  postgresTest(
    `killed at durable steps over PostgreSQL, it loses and doubles nothing (seed ${seed})`,
    async (target) => {
      await using link = new RestartingSuperLink(JSON.stringify(target));
      await survive(link, seededRandom(seed), someMoments(seed));
    },
  );
  postgresTest(
    `either of two killed at durable steps, they lose and double nothing (seed ${seed})`,
    async (target) => {
      const random = seededRandom(seed);
      await using twins = new CrashingTwins(JSON.stringify(target), random);
      await survive(twins, random, someMoments(seed + 6));
    },
  );
}
