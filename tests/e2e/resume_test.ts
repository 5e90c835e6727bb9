/**
 * Runs of submitted apps whose SuperLink or SuperExec is killed: they go on by themselves, and end as without it.
 */
import assert from "node:assert/strict";
import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { openHttpChannel } from "../../rpc/http/channel.ts";
import { eventually } from "../support/deadline.ts";
import {
  joined,
  lastingAddresses,
  startFlwr,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { NIGHTLY } from "../support/nightly.ts";
import type { Process } from "../support/process.ts";
import { scenario, type Stage } from "../support/stage.ts";

const ROUNDS = 5;
/** Seconds within which a run that goes on has ended. */
const END_SECONDS = 60;
/** As END_SECONDS, after the minute that the SuperLink waits for a heartbeat. */
const SILENT_SECONDS = 140;

/** A ServerApp with state of every kind: moments, a seed, a node's initial model, metrics. */
const SERVER = `
import { FedAdam, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const trainConfig = (round) => ({ round, scale: 0.9 });
  const result = await new FedAdam({ seed: 3 }).start(grid, {
    numRounds: runConfig.number("num-rounds"),
    trainConfig,
    evaluateConfig: trainConfig,
    evaluateFn: (round) => ({ accuracy: round / 7 }),
  });
  const hex = ({ data }) => Buffer.from(data).toString("hex");
  const weights = [...result.arrays].map(([name, array]) => [name, hex(array)]);
  const rounds = result.rounds.map(({ round, train, evaluate, serverMetrics }) => [
    round,
    train.results.length,
    [...train.metrics],
    [...evaluate.metrics],
    [...serverMetrics],
  ]);
  console.log("RESULT " + JSON.stringify({ weights, rounds }));
});`;

/** A SuperLink with its nodes; the first waits in a round until a file is there. */
interface Federation {
  readonly stage: Stage;
  readonly waiting: Process;
  readonly goOn: string;
}

async function bundle(stage: Stage, name = "resumable") {
  return await buildFab(
    await makeApp(stage.path(name), {
      name: "resumable",
      files: { "server.ts": `// ${name}\n${SERVER}`, "client.ts": NO_COMPONENT },
      config: `num-rounds = ${ROUNDS}`,
    }),
  );
}

function control(http: string): { client: ControlClient } & Disposable {
  const client = new ControlClient(openHttpChannel({ address: http, tls: "insecure" }));
  return { client, [Symbol.dispose]: () => client.close() };
}

async function startNodes(stage: Stage, fleet: string, waitRound: number): Promise<Federation> {
  const goOn = stage.path("go-on");
  await Deno.writeTextFile(goOn, "");
  const config = `wait-round=${waitRound} wait-file="${goOn}"`;
  const waiting = startSuperNode({ stage, fleet, node: 1, config });
  await joined(waiting);
  await joined(startSuperNode({ stage, fleet, node: 2 }));
  return { stage, waiting, goOn };
}

/** Waits for the run's end. @returns its log */
async function ended(client: ControlClient, runId: bigint, seconds = END_SECONDS): Promise<string> {
  const state = async () => (await client.getRun(runId)).run;
  await eventually(async () => (await state()).status === "finished", seconds, "the run's end");
  const log = (await Array.fromAsync(client.streamLogs(runId))).map(({ text }) => text).join("");
  const { subStatus, details } = await state();
  assert.equal(`${subStatus}: ${details}`, "completed: ", log);
  return log;
}

/**
 * The round after which a run went on that was killed in a round: usually the one before. But a round begins before the
 * checkpoint of the previous one is stored, so it may also be the one before that.
 */
function resumedAfter(log: string, killedIn: number): number {
  const [, round, rounds] = /Resumed after round (\d+) of (\d+)/.exec(log)!.map(Number);
  assert.equal(rounds, ROUNDS);
  assert.ok(round! < killedIn && round! >= killedIn - 2, `killed in ${killedIn}: after ${round}`);
  return round!;
}

function resultOf(log: string): unknown {
  return JSON.parse(/RESULT (.*)/.exec(log)![1]!);
}

/** Waits until the first node trains in its round once more. */
async function waitsAgain({ waiting }: Federation, round: number, before: number): Promise<void> {
  const line = `Waiting in round ${round}`;
  const count = () => waiting.lines.filter((text) => text.includes(line)).length;
  await eventually(() => Promise.resolve(count() > before), END_SECONDS, "the node to wait");
}

/** Rounds in which the SuperLink is killed: the first and the last one every night. */
const KILLED_IN = NIGHTLY ? [1, 3, ROUNDS] : [3];

for (const round of KILLED_IN) {
  scenario(
    `resume: a run goes on by itself after kill -9 of its SuperLink in round ${round}`,
    async (stage) => {
      const flags = ["--database", stage.path("superlink.db")];
      const addresses = lastingAddresses();
      const before = await startSuperLink({ stage, flags, addresses });
      const { fleet } = before;
      const federation = await startNodes(stage, fleet, round);
      using first = control(before.http);
      const fab = await bundle(stage);
      const start = { fab, overrideConfig: new ConfigRecord() };
      const undisturbed = await first.client.startRun(start);
      const expected = resultOf(await ended(first.client, undisturbed.runId));

      await Deno.remove(federation.goOn);
      const { runId } = await first.client.startRun(start);
      await waitsAgain(federation, round, 1);
      await before.process.end("SIGKILL");
      await Deno.writeTextFile(federation.goOn, "");
      const after = await startSuperLink({ stage, flags, addresses });
      using second = control(after.http);
      const log = await ended(second.client, runId);
      assert.deepEqual(resultOf(log), expected);
      const resumed = resumedAfter(log, round);
      for (let each = 1; each <= ROUNDS; each++) {
        const starts = log.split(`[ROUND ${each}/${ROUNDS}]`).length - 1;
        // The line of the round that was cut off may not have been stored.
        const allowed = each > resumed && each <= round ? [1, 2] : [1];
        assert.ok(allowed.includes(starts), `round ${each}: ${starts}`);
      }
    },
  );
}

scenario(
  "resume: a SuperLink that is stopped lets its run go on when it is back",
  async (stage) => {
    const flags = ["--database", stage.path("superlink.db")];
    const addresses = lastingAddresses();
    const before = await startSuperLink({ stage, flags, addresses });
    const { fleet } = before;
    const federation = await startNodes(stage, fleet, 2);
    await Deno.remove(federation.goOn);
    using first = control(before.http);
    const { runId } = await first.client.startRun({
      fab: await bundle(stage),
      overrideConfig: new ConfigRecord(),
    });
    await waitsAgain(federation, 2, 0);
    await before.process.end("SIGTERM");
    await Deno.writeTextFile(federation.goOn, "");
    const after = await startSuperLink({ stage, flags, addresses });
    using second = control(after.http);
    assert.match(await ended(second.client, runId), /Resumed after round 1 of 5/);
  },
);

scenario("resume: a run goes on after kill -9 of its SuperExec", async (stage) => {
  const { fleet, http } = await startSuperLink({ stage, flags: ["--isolation", "process"] });
  const superexec = () =>
    startFlwr(stage, "superexec", ["superexec", "--insecure", "--runtime-api-address", http]);
  const killed = superexec();
  const federation = await startNodes(stage, fleet, 2);
  using line = control(http);
  const start = { fab: await bundle(stage), overrideConfig: new ConfigRecord() };
  const undisturbed = await line.client.startRun(start);
  const expected = resultOf(await ended(line.client, undisturbed.runId));
  await Deno.remove(federation.goOn);
  const { runId } = await line.client.startRun(start);
  await waitsAgain(federation, 2, 1);
  await killed.end("SIGKILL");
  await Deno.writeTextFile(federation.goOn, "");
  superexec();
  const log = await ended(line.client, runId, SILENT_SECONDS);
  assert.deepEqual(resultOf(log), expected);
  resumedAfter(log, 2);
}, { seconds: SILENT_SECONDS + END_SECONDS });

scenario(
  "resume: flwr run --resume goes on from another run, with a changed app",
  async (stage) => {
    const { fleet, http } = await startSuperLink({ stage });
    await startNodes(stage, fleet, 1);
    using line = control(http);
    const run = async (name: string, ...flags: string[]) => {
      const process = startFlwr(stage, "run", [
        ...["run", stage.path(name), http, "--insecure", "--no-check", "--format", "json"],
        ...flags,
      ]);
      const { code } = await process.ended(END_SECONDS);
      const { "run-id": id, "error-message": error } = JSON.parse(
        /^\{[^]*?^\}/m.exec(process.lines.join("\n"))![0],
      );
      return { code, error, id: id === undefined ? 0n : BigInt(id) };
    };
    await bundle(stage, "first");
    await bundle(stage, "second");
    const short = await run("first", "-c", "num-rounds=2");
    await ended(line.client, short.id);
    const whole = await run("first");
    const expected = resultOf(await ended(line.client, whole.id));
    const long = await run("second", "--resume", String(short.id));
    const log = await ended(line.client, long.id);
    assert.deepEqual(resultOf(log), expected);
    assert.match(log, /Resumed after round 2 of 5/);

    const unknown = await run("second", "--resume", "5");
    assert.notEqual(unknown.code, 0);
    assert.match(unknown.error, /Run 5 is unknown/);
    const folder = await run("second", "--resume", "run-5");
    assert.match(folder.error, /--resume: "run-5" is not the id of a run/);
  },
);
