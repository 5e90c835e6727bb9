/**
 * Attacks on a SuperLink beside nodes that behave, one over each transport. Every day a few for some seconds each: no
 * heartbeat is lost, and memory and log stay small. Nightly all of them for a minute each, and heartbeats are quick, too.
 *
 * ATTACKS names those to run, with commas between, by the nightly bounds; ATTACK_SECONDS says for how long.
 */
import assert from "node:assert/strict";
import { repositoryPath } from "../../support/repository.ts";
import { startSuperLink } from "../../support/flwr.ts";
import { NIGHTLY } from "../../support/nightly.ts";
import { scenario } from "../../support/stage.ts";
import { ATTACKS, type Done } from "./attacks.ts";
import { type Beats, GoodNode } from "./good_node.ts";

/** The attacks that were asked for by their names. */
const ASKED = Deno.env.get("ATTACKS")?.split(",");
/** Whether heartbeats have to be quick, too. */
const STRICT = NIGHTLY || ASKED !== undefined;
/** Seconds of one attack. */
const SECONDS = Number(Deno.env.get("ATTACK_SECONDS") ?? (NIGHTLY ? 60 : 3));
/** MiB by which the SuperLink may grow while it is attacked. */
const MAX_GROWTH_MIB = 150;
/** Bytes that it may log meanwhile. */
const MAX_LOG_BYTES = 200_000;
/** Milliseconds within which 99 of 100 heartbeats are answered, nightly. */
const P99_MS = 1000;

/** Attacks of every day: of each kind that has bounds of its own one. */
const DAILY = [
  "connect-h2",
  "goaway",
  "rapid-reset",
  "ping-noread",
  "big-headers",
  "idle2000-h2",
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
  const ignore = ASKED === undefined ? !NIGHTLY && !DAILY.includes(name) : !ASKED.includes(name);
  scenario(`attack: ${name}, for ${SECONDS} s beside good nodes`, async (stage) => {
    const { http, fleet: grpc, process } = await startSuperLink({ stage });
    using overHttp = await GoodNode.join("http", http);
    using overGrpc = await GoodNode.join("grpc", grpc);
    const before = residentMib(process.pid);
    const over = new AbortController();
    const beats = Promise.all([overHttp.beat(over.signal), overGrpc.beat(over.signal)]);
    const attacker = stage.start({
      name: "attacker",
      command: Deno.execPath(),
      args: ["run", "-A", "tests/security/attacks/attack.ts", name, http, grpc, String(SECONDS)],
      cwd: repositoryPath(""),
    });
    let most = before;
    const watch = setInterval(() => most = Math.max(most, residentMib(process.pid)), 100);
    try {
      await attacker.exit;
    } finally {
      clearInterval(watch);
      over.abort();
    }
    const done: Done = JSON.parse(attacker.lines.at(-1)!);
    assert.ok(done.connections > 0, "the attack reached the SuperLink");
    for (const [transport, { sent, lost, latencies }] of named(await beats)) {
      assert.ok(sent > SECONDS, `${transport}: ${sent} heartbeats`);
      assert.deepEqual(lost, [], `${transport}: heartbeats that were lost of ${sent}`);
      const p99 = latencies[Math.floor(0.99 * latencies.length)]!;
      console.log(`${name}, ${transport}: ${sent} heartbeats, p99 ${p99.toFixed(0)} ms`);
      if (STRICT) assert.ok(p99 < P99_MS, `${transport}: p99 ${p99} ms`);
    }
    console.log(`${name}: ${JSON.stringify(done)}, ${before} MiB, at most ${most} MiB`);
    assert.ok(most - before < MAX_GROWTH_MIB, `it grew from ${before} to ${most} MiB`);
    const logged = process.lines.reduce((sum, { length }) => sum + length + 1, 0);
    assert.ok(logged < MAX_LOG_BYTES, `it logged ${logged} bytes`);
    assert.equal(process.lines.some((line) => / ERROR /.test(line)), false, process.tail());
    assert.equal(process.status, undefined, "it runs");
  }, { seconds: SECONDS + 100, ignore });
}

function named([http, grpc]: readonly [Beats, Beats]): [string, Beats][] {
  return [["http", http], ["grpc", grpc]];
}

/** Memory of a process that is in use, in MiB; 0 where the system does not tell. */
function residentMib(pid: number): number {
  try {
    const [, kib = "0"] = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return Math.floor(Number(kib) / 1024);
  } catch {
    return 0;
  }
}
