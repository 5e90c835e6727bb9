/** Runs whose workers Slurm places, on a real cluster of two nodes on this machine. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { eventually } from "../support/deadline.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { scenario, type Stage } from "../support/stage.ts";
import { slurmLack, startSlurm } from "../support/slurm.ts";

const lack = slurmLack();
if (lack !== undefined) console.log(`The tests with Slurm are skipped: ${lack}`);
const options = { seconds: 240, ignore: lack !== undefined };
/** By day one test with a cluster is enough. */
const atNight = { ...options, ignore: options.ignore || !NIGHTLY };

/** Starts a cluster, a SuperLink, and makes an app. */
async function prepare(stage: Stage) {
  const { env: slurm } = await startSlurm(stage);
  const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
  const parent = stage.folder.path;
  const template = TEMPLATES["minimal"]!;
  const { folder } = await createApp({ name: "app", publisher: "tests", template, parent });
  const env = { ...slurm, FLWR_HOME: stage.path("home") };
  const flwr = (args: readonly string[]) => startFlwr(stage, `flwr ${args[0]}`, args, env);
  const run = (...more: string[]) =>
    flwr(["run", folder, http, "--insecure", "--no-check", "--nodes", "4", ...more]);
  const queue = async () => {
    const squeue = new Deno.Command("squeue", { args: ["-h", "-r", "-o", "%T"], env: slurm });
    return new TextDecoder().decode((await squeue.output()).stdout).split("\n").filter(Boolean);
  };
  return { http, run, flwr, queue };
}

scenario("slurm: an array of workers computes a run, and is gone after it", async (stage) => {
  const { http, run, flwr, queue } = await prepare(stage);
  const process = run("--engine", "slurm", "--workers", "3");
  assert.equal((await process.exit).code, 0, process.tail());
  const text = process.lines.join("\n");
  assert.match(text, /Slurm job \d+ has the workers/);
  assert.match(text, /\[SUMMARY\]/);
  assert.match(text, /A simulation worker joined/);
  await eventually(async () => (await queue()).length === 0, 30, "the job to end");
  const [, runId] = /Started run (\d+)/.exec(text)!;
  const folder = stage.path("home/workers");
  const script = await Deno.readTextFile(`${folder}/${runId}.sh`);
  // The script names the file of the token, which is gone with the run.
  assert.match(script, new RegExp(`${runId}\\.token`));
  assert.doesNotMatch(script, /[0-9a-f]{64}/);
  assert.ok(!existsSync(`${folder}/${runId}.token`));
  const pull = flwr(["pull", runId!, http, "--insecure", "--output", stage.path("pulled")]);
  assert.equal((await pull.exit).code, 0, pull.tail());
}, options);

scenario(
  "slurm: workers that no machine can have end the run with Slurm's reason",
  async (stage) => {
    const { http, run, flwr, queue } = await prepare(stage);
    const waits = run(
      "--engine",
      "slurm",
      "--engine-option=--begin=now+1hour",
      "--engine-wait",
      "3",
    );
    assert.equal((await waits.exit).code, 1, waits.tail());
    assert.match(waits.lines.join("\n"), /no worker ran within 3 s\. Its reason: BeginTime/);
    assert.deepEqual(await queue(), []);
    const refused = run("--engine", "slurm", "--engine-option=--partition=none");
    assert.equal((await refused.exit).code, 1, refused.tail());
    assert.match(refused.lines.join("\n"), /sbatch refused the workers: .*partition/);
    const listed = flwr(["ls", http, "--insecure", "--format", "json"]);
    await listed.exit;
    const { runs } = JSON.parse(listed.stdoutLines.join("\n"));
    assert.deepEqual(runs.map(({ status }: { status: string }) => status), [
      "finished:stopped",
      "finished:stopped",
    ]);
  },
  atNight,
);

scenario(
  "slurm: workers that end before their run end it, with what one printed",
  async (stage) => {
    const { run } = await prepare(stage);
    const ends = run("--engine", "slurm", "--worker-superlink", "[::1]:1");
    assert.equal((await ends.exit).code, 1, ends.tail());
    const text = ends.lines.join("\n");
    assert.match(text, /all workers have ended before the run did/);
    assert.match(text, /The last output of one: .*Port 1 is blocked/);
  },
  atNight,
);

scenario(
  "slurm: a command that is killed leaves its run, which ends with its workers",
  async (stage) => {
    const { http, run, flwr, queue } = await prepare(stage);
    const process = run("--engine", "slurm", "--workers", "2");
    await process.waitForLine(/Slurm job \d+ has the workers/);
    await process.end("SIGKILL");
    await eventually(async () => (await queue()).length === 0, 60, "the workers to end");
    const listed = flwr(["ls", http, "--insecure", "--format", "json"]);
    await listed.exit;
    const { runs } = JSON.parse(listed.stdoutLines.join("\n"));
    assert.deepEqual(runs.map(({ status }: { status: string }) => status), ["finished:completed"]);
  },
  atNight,
);
