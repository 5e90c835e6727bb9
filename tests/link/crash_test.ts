import assert from "node:assert/strict";
import { join } from "node:path";
import { seededRandom } from "../../base/random.ts";
import type { DurableStep } from "../../link/store/sqlite/sqlite_store.ts";
import { Federation } from "./crash_federation.ts";
import type { Operation } from "./crash_protocol.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { RestartingSuperLink } from "./restarting_superlink.ts";

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
const STEPS: readonly DurableStep[] = ["begin", "write", "commit", "committed"];
/** Steps at which the SuperLink crashes, in turn. Space is reclaimed while time passes. */
const MOMENTS: readonly { operation: Operation; step: DurableStep }[] = [
  ...OPERATIONS.flatMap((operation) => STEPS.map((step) => ({ operation, step }))),
  { operation: "advance", step: "reclaim" },
  { operation: "advance", step: "reclaimed" },
];
/** 50 in the nightly test. */
const SEEDS = Array.from({ length: NIGHTLY ? 50 : 1 }, (_, i) => i + 1);

for (const seed of SEEDS) {
  Deno.test(`killed at every durable step, it loses and doubles nothing (seed ${seed})`, async () => {
    const folder = await Deno.makeTempDir();
    const random = seededRandom(seed);
    try {
      await using link = new RestartingSuperLink(join(folder, "link.db"));
      const federation = new Federation(link, random);
      await federation.found();
      for (const { operation, step } of MOMENTS) {
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
      assert.equal(link.deaths, MOMENTS.length);
      await federation.dissolve();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
