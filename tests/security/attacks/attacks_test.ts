/**
 * Attacks on a SuperLink with one well-behaved node on each transport. By default, a few attacks run for some seconds
 * each: no heartbeat may be lost, and memory and log must stay small. The nightly test runs all attacks for a minute
 * each, and also checks latencies.
 *
 * ATTACKS lists attacks to run with the nightly limits, separated by commas. ATTACK_SECONDS is their duration.
 */
import assert from "node:assert/strict";
import { systemClock } from "../../../base/clock.ts";
import { repositoryPath } from "../../support/repository.ts";
import { startSuperLink } from "../../support/flwr.ts";
import { NIGHTLY } from "../../support/nightly.ts";
import { residentMib } from "../../endurance/memory.ts";
import { scenario } from "../../support/stage.ts";
import { ATTACKS, type Done } from "./attacks.ts";
import { type Beats, GoodNode } from "./good_node.ts";

/** Names of the requested attacks. */
const ASKED = Deno.env.get("ATTACKS")?.split(",");
/** Whether to check latencies of heartbeats. */
const STRICT = NIGHTLY || ASKED !== undefined;
/** Duration of one attack in seconds. */
const SECONDS = Number(Deno.env.get("ATTACK_SECONDS") ?? (NIGHTLY ? 60 : 2));
/** Largest growth of the SuperLink's memory during an attack, in MiB. */
const MAX_GROWTH_MIB = 150;
/** Largest log during an attack, in bytes. */
const MAX_LOG_BYTES = 200_000;
/** Largest 99th percentile of latencies in the nightly test, in milliseconds. */
const P99_MS = 1000;

/** Default attacks: one for each kind with its own limits. */
const DAILY = [
  "connect-h2",
  "goaway",
  "rapid-reset",
  "ping-noread",
  "big-headers",
  "idle2000-h2",
  "unfinished2000-h2",
  "health-bomb",
  "late-content",
  "bad-signature",
  "pipeline-noread",
  "tiny-chunks",
];

for (const name of ASKED ?? []) {
  if (!(name in ATTACKS)) {
    throw new Error(`No attack "${name}": ${Object.keys(ATTACKS).join(", ")}`);
  }
}

for (const name of Object.keys(ATTACKS)) {
  const left = ASKED === undefined ? !NIGHTLY && !DAILY.includes(name) : !ASKED.includes(name);
  // Only Linux has the memory of another process in a file.
  const ignore = Deno.build.os !== "linux" || left;
  scenario(`attack: ${name}, for ${SECONDS} s with well-behaved nodes`, async (stage) => {
    const { http, fleet: grpc, process } = await startSuperLink({ stage });
    using overHttp = await GoodNode.join("http", http);
    using overGrpc = await GoodNode.join("grpc", grpc);
    const before = await residentMib(process.pid);
    const over = new AbortController();
    const beats = Promise.all([overHttp.beat(over.signal), overGrpc.beat(over.signal)]);
    const attacker = stage.start({
      name: "attacker",
      command: Deno.execPath(),
      args: ["run", "-A", "tests/security/attacks/attack.ts", name, http, grpc, String(SECONDS)],
      cwd: repositoryPath(""),
    });
    let most = before;
    const watch = async () => {
      while (!over.signal.aborted) {
        most = Math.max(most, await residentMib(process.pid));
        await systemClock.sleep(0.1, over.signal);
      }
    };
    await Promise.all([watch(), attacker.exit.finally(() => over.abort())]);
    const done: Done = JSON.parse(attacker.lines.at(-1)!);
    assert.ok(done.connections > 0, "the attack reached the SuperLink");
    for (const [transport, { sent, lost, latencies }] of named(await beats)) {
      assert.ok(sent > SECONDS, `${transport}: ${sent} heartbeats`);
      assert.deepEqual(lost, [], `${transport}: heartbeats that were lost of ${sent}`);
      const p99 = latencies[Math.floor(0.99 * latencies.length)]!;
      console.log(`${name}, ${transport}: ${sent} heartbeats, p99 ${p99.toFixed(0)} ms`);
      if (STRICT) assert.ok(p99 < P99_MS, `${transport}: p99 ${p99} ms`);
    }
    console.log(
      `${name}: ${JSON.stringify(done)}, ${before.toFixed(0)} MiB, at most ${most.toFixed(0)} MiB`,
    );
    assert.ok(
      most - before < MAX_GROWTH_MIB,
      `it grew from ${before.toFixed(0)} to ${most.toFixed(0)} MiB`,
    );
    const logged = process.lines.reduce((sum, { length }) => sum + length + 1, 0);
    assert.ok(logged < MAX_LOG_BYTES, `it logged ${logged} bytes`);
    assert.equal(process.lines.some((line) => / ERROR /.test(line)), false, process.tail());
    assert.equal(process.status, undefined, "it runs");
  }, { seconds: SECONDS + 100, ignore });
}

function named([http, grpc]: readonly [Beats, Beats]): [string, Beats][] {
  return [["http", http], ["grpc", grpc]];
}
