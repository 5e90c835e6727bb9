/**
 * Requests that nobody should send, at every API of a SuperLink, over HTTP and gRPC: recorded ones that were spoilt and
 * arbitrary ones of the right shape, from callers who may call and from others. None may crash it, make it break down
 * inside, or keep the next good call from being answered.
 *
 * FUZZ_INPUTS says how many (default: 2,000; nightly: 200,000). It prints its seed, which is
 * fixed in daily runs and random in nightly ones. FUZZ_SEED repeats a run.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { transcript } from "../interop/recorded/transcript.ts";
import { startSuperLink } from "../support/flwr.ts";
import { residentMib } from "../endurance/memory.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { scenario } from "../support/stage.ts";
import { type Input, inputs, type Listener, shown, targets } from "./inputs.ts";
import { type LiveState, recordedIds, renew } from "./live_state.ts";
import { isBreakdown, type Outcome, post, RawGrpc } from "./transports.ts";
import { fuzzSeed } from "./seed.ts";

const INPUTS = Number(Deno.env.get("FUZZ_INPUTS") ?? (NIGHTLY ? 200_000 : 2_000));
/** Inputs that are under way at the same time; then good calls must be answered. */
const BATCH = 50;
/** After so long a call that waits for work is given up, in seconds. */
const HELD_SECONDS = 0.3;
/**
 * Memory that the SuperLink may take for the first half of the inputs, in MiB: a heap in use, and with many inputs the
 * nodes and runs that it remembers, up to its limits.
 */
const MAX_WARM_MIB = INPUTS > 100_000 ? 600 : 300;
/** What it may take for the other half: as much as before is known by then. */
const MAX_GROWTH_MIB = 50;
/** How long it may all take on a busy machine, in seconds. */
const SECONDS = 120 + INPUTS / 50;

scenario(
  `${INPUTS} wrong requests leave a SuperLink as able as before`,
  async (stage) => {
    const superlink = await startSuperLink({ stage, flags: ["--isolation", "process"] });
    const exchanges = transcript();
    const recorded = recordedIds(exchanges);
    using fleet = new RawGrpc(superlink.fleet);
    using control = new RawGrpc(superlink.control);
    using driver = new RawGrpc(superlink.driver);
    const connections: Record<Exclude<Listener, "http">, RawGrpc> = { fleet, control, driver };

    const send = ({ listener, path, headers, body, mayBeHeld }: Input): Promise<Outcome> => {
      const request = { headers, body, ...(mayBeHeld && { heldAfter: HELD_SECONDS }) };
      return listener === "http"
        ? post(superlink.http, path, request)
        : connections[listener].call(path, request);
    };
    const before = await residentMib(superlink.process.pid);
    const seen = new Map<string, number>();
    let live: LiveState = await renew({ http: superlink.http, driver }, recorded);

    let [done, half] = [0, 0];
    const attempt = async (batch: readonly Input[]) => {
      const outcomes = await Promise.all(batch.map(send));
      for (const [index, { status }] of outcomes.entries()) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
        assert.ok(!isBreakdown(status), `${status} for ${shown(batch[index]!)}`);
      }
      assert.equal(superlink.process.status, undefined, "the SuperLink runs");
      done += batch.length;
      if (half === 0 && done >= INPUTS / 2) half = await residentMib(superlink.process.pid);
      // good calls of every API, as a new node with a new run
      live = await renew({ http: superlink.http, driver }, recorded);
    };
    const seed = fuzzSeed();
    console.log(`FUZZ_SEED=${seed} FUZZ_INPUTS=${INPUTS}`);
    const batches = fc.array(inputs(targets(exchanges), () => live), {
      minLength: BATCH,
      maxLength: BATCH,
    });
    await fc.assert(fc.asyncProperty(batches, attempt), {
      seed,
      numRuns: Math.ceil(INPUTS / BATCH),
      endOnFailure: true,
    });
    const after = await residentMib(superlink.process.pid);
    console.log(`Answers: ${[...seen].map(([status, n]) => `${status} ${n}`).sort().join(", ")}`);
    console.log(`Memory in MiB: ${[before, half, after].map(Math.round).join(", ")} in the end`);
    assert.ok(half - before < MAX_WARM_MIB, `memory grew by ${half - before} MiB at first`);
    assert.ok(after - half < MAX_GROWTH_MIB, `memory grew by ${after - half} MiB afterwards`);
    const errors = superlink.process.lines.filter((line) => /ERROR|Internal error/.test(line));
    assert.deepEqual(errors, []);
    await superlink.process.end("SIGTERM");
  },
  { seconds: SECONDS },
);
