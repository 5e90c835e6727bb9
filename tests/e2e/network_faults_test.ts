/**
 * Bad networks between a SuperLink and two SuperNodes, one over each transport, in the middle of a run. Within two
 * heartbeats after each has healed both nodes are heard again, and the run goes on to its end: after a short fault with
 * the bits of a calm run. Nightly, on Linux as root.
 */
import assert from "node:assert/strict";
import { residentMib } from "../endurance/memory.ts";
import { BadLine, type LineFault } from "../support/bad_line.ts";
import { DividedFederation, TRANSPORTS } from "../support/divided_federation.ts";
import { NIGHTLY } from "../support/nightly.ts";
import type { Process } from "../support/process.ts";
import { assertNoStackTrace, assertSameRun, type RunResult } from "../support/result.ts";
import { scenariosTogether, type Stage } from "../support/stage.ts";

/** Seconds of two heartbeats. */
const TWO_HEARTBEATS = 60;
/** Seconds for the rounds that are left then. */
const ROUNDS_SECONDS = 60;
/**
 * How long the network is bad, in seconds. A node without a heartbeat for 60 s counts as offline, and costs its round a
 * reply: not in a short fault, as the last heartbeat is up to 22.5 s older. After a long one TCP by itself would be silent
 * for longer than two heartbeats.
 */
const SHORT = { name: "short", seconds: 20, rounds: 3, held: "gRPC" } as const;
const LONG = { name: "long", seconds: 110, rounds: 5, held: "HTTP" } as const;
/** Seconds into it when the node that was held has its reply. */
const REPLY_AFTER = 5;
/** What a fault may cost the SuperLink: MiB of memory, and lines of its log without those of calls. */
const MAX_GAIN_MIB = 64;
const MAX_LINES = 50;

/** What may be wrong, and whether replies get through all the same, however long it takes. */
const FAULTS: Readonly<Record<string, LineFault & { readonly passes?: true }>> = {
  "a partition": { lossForth: 1, lossBack: 1 },
  "all is lost that the SuperLink sends": { lossForth: 1 },
  "all is lost that the nodes send": { lossBack: 1 },
  "half of all packets are lost": { lossForth: 0.5, lossBack: 0.5 },
  "packets take 300 ± 200 ms each way": { delay: 0.3, jitter: 0.2, passes: true },
};

const missing = NIGHTLY ? await BadLine.missing() : undefined;
if (missing !== undefined) console.log(`Network faults are not tested here: ${missing}`);

const bodies = Object.entries(FAULTS).map(([what, fault]) =>
  [what, (stage: Stage) => sufferFaults(stage, what, fault)] as const
);
scenariosTogether("network faults", Object.fromEntries(bodies), {
  seconds: 600,
  ignore: !NIGHTLY || missing !== undefined,
});

async function sufferFaults(stage: Stage, what: string, fault: typeof FAULTS[string]) {
  const seed = Math.floor(Math.random() * 2 ** 32);
  await using line = await BadLine.make(seed);
  const federation = await DividedFederation.start(stage, line);
  for (const transport of TRANSPORTS) await federation.letTrain(transport);
  const calm = stage.path("calm.json");
  const expected = await resultOf(federation.run("run without faults", calm, SHORT.rounds), calm);

  for (const { name, seconds, rounds, held } of [SHORT, LONG]) {
    const waits = await federation.hold(held);
    const file = stage.path(`${name}.json`);
    const run = federation.run(`run with a ${name} fault`, file, rounds);
    await waits();
    await federation.heartbeats(TWO_HEARTBEATS);

    const watch = await watchSuperLink(federation.superLink);
    await line.spoil(fault);
    await badFor(REPLY_AFTER);
    await federation.letTrain(held);
    await badFor(seconds - REPLY_AFTER);
    const { gain, lines } = watch();
    await line.heal();
    const healed = performance.now();
    const since = () => `${((performance.now() - healed) / 1000).toFixed(1)} s`;
    await federation.heartbeats(TWO_HEARTBEATS);
    const heard = since();
    const result = await resultOf(run, file);
    const results = result.rounds.map(({ results }) => results);
    console.log(
      `${what} for ${seconds} s (seed ${seed}): nodes heard after ${heard}, run over after ${since()}, results ` +
        `${results}; the SuperLink gained ${gain.toFixed(0)} MiB and wrote ${lines} lines`,
    );

    if (name === "short") assertSameRun(result, expected);
    const least = fault.passes ? 2 : 0;
    assert.ok(results.every((count) => count >= least && count <= 2), `${results}`);
    assert.deepEqual([results.length, results[0], results.at(-1)], [rounds, 2, 2]);
    assert.ok(gain < MAX_GAIN_MIB, `the SuperLink gained ${gain} MiB`);
    assert.ok(lines < MAX_LINES, `the SuperLink wrote ${lines} lines`);
  }
  for (const process of [federation.superLink, ...Object.values(federation.nodes)]) {
    assert.equal(process.status, undefined, process.tail());
    assertNoStackTrace(process);
  }
}

/** Lets the fault last. A fixed time, because nothing happens that could be waited for. */
async function badFor(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Waits for a run to end, as far as it has to after a fault. */
async function resultOf(run: Process, file: string): Promise<RunResult> {
  const { code } = await run.ended(TWO_HEARTBEATS + ROUNDS_SECONDS);
  assert.equal(code, 0, run.tail());
  return JSON.parse(await Deno.readTextFile(file));
}

/** Watches what a SuperLink takes. @returns ends that, and says what it was */
async function watchSuperLink({ pid, lines }: Process) {
  const [memory, from] = [await residentMib(pid), lines.length];
  let most = memory;
  const timer = setInterval(async () => {
    // A SuperLink that has ended fails the test later.
    most = Math.max(most, await residentMib(pid).catch(() => 0));
  }, 1000);
  return () => {
    clearInterval(timer);
    const said = lines.slice(from).filter((text) => !/ DEBUG /.test(text));
    return { gain: most - memory, lines: said.length };
  };
}
