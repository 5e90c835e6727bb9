import assert from "node:assert/strict";
import { testWithAllRights } from "../../../../base/testing/all_rights.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { ToolOutput } from "./run_tool.ts";
import { SlurmEngine } from "./slurm.ts";

/** Slurm's commands, each with one answer. */
function slurmWith(answers: Readonly<Record<string, Partial<ToolOutput>>>) {
  const calls: string[][] = [];
  const tool = (name: string, args: readonly string[]) => {
    calls.push([name, ...args]);
    return Promise.resolve({ success: true, stdout: "", complaint: "", ...answers[name] });
  };
  return { calls, engine: new SlurmEngine({ sbatchOptions: ["--partition=long"], tool }) };
}

async function place(engine: SlurmEngine, count = 3) {
  const folder = await Deno.makeTempDir();
  try {
    const words = ["/opt/my flwr", "simulation-worker", "--token-file=/a/b"];
    const placed = await engine.place({ runId: 7n, words, count, cpus: 2, gpus: 0, folder });
    const script = await Deno.readTextFile(`${folder}/7.sh`);
    return { placed, script, folder };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("SlurmEngine: submits an array with the site's options, and a script that becomes the worker", async () => {
  const { calls, engine } = slurmWith({ sbatch: { stdout: "12;cluster\n" } });
  const { placed, script } = await place(engine);
  assert.equal(placed.toCancel, "scancel 12");
  assert.equal(script.split("\n")[1], "exec '/opt/my flwr' simulation-worker --token-file=/a/b");
  const [sbatch] = calls;
  for (const option of ["--array=0-2", "--cpus-per-task=2", "--no-requeue", "--partition=long"]) {
    assert.ok(sbatch!.includes(option), option);
  }
});

Deno.test("SlurmEngine: a refusal has Slurm's words", async () => {
  const complaint = "sbatch: error: invalid partition specified: long";
  const { engine } = slurmWith({ sbatch: { success: false, complaint } });
  await assert.rejects(place(engine), ({ code, message }: FlwrError) => {
    return code === "failed-precondition" && message.includes("invalid partition");
  });
});

Deno.test("SlurmEngine: a job that sbatch submits too late is cancelled by its name", async () => {
  for (const sbatch of ["times out", "prints no id"]) {
    const cancelled: (readonly string[])[] = [];
    const tool = (name: string, args: readonly string[]) => {
      if (name === "scancel") cancelled.push(args);
      return name === "sbatch" && sbatch === "times out"
        ? Promise.reject(new FlwrError("deadline-exceeded", "sbatch"))
        : Promise.resolve({ success: true, stdout: "", complaint: "" });
    };
    const clock = new FakeClock();
    clock.sleep = () => Promise.resolve();
    await assert.rejects(place(new SlurmEngine({ tool, clock })), FlwrError);
    // Slurm may accept it after the first attempt.
    assert.ok(cancelled.length > 1);
    for (const args of cancelled) assert.ok(args.includes("--name=flwr-7"), args.join(" "));
  }
});

Deno.test("SlurmEngine: counts tasks by their states, also of a job that Slurm has forgotten", async () => {
  const counts = async (squeue: Partial<ToolOutput>) => {
    const { engine } = slurmWith({ sbatch: { stdout: "12\n" }, squeue });
    return await (await place(engine)).placed.counts();
  };
  assert.deepEqual(
    await counts({ stdout: "RUNNING|None\nPENDING|Resources\nCOMPLETING|None\n" }),
    { pending: 1, running: 1, ended: 1, reason: "Resources" },
  );
  const gone = "slurm_load_jobs error: Invalid job id specified";
  assert.equal((await counts({ success: false, complaint: gone })).ended, 3);
  const silent = "slurm_load_jobs error: Unable to contact slurm controller";
  await assert.rejects(counts({ success: false, complaint: silent }), { code: "unavailable" });
});

Deno.test("SlurmEngine: an invalid option, or one that would submit something else, is refused", () => {
  const refused = [
    ...["foo", "-", "", "/bin/sh", "--array=0-9999", "--array", "-a0-9", "--wrap=rm", "--parsable"],
    ...["--wait", "-W", "--output=x", "-ox", "--test-only", "--job-name=x", "-Jx"],
    // What getopt_long takes for one of them, also after options without a value.
    ...["--arr=0-9999", "--ar", "--out=x", "--ou=x", "--wr=rm", "--te", "--pars", "--jo=x", "--"],
    ...["-Ha0-9999", "-QvW", "-HQox"],
  ];
  for (const option of refused) {
    assert.throws(() => new SlurmEngine({ sbatchOptions: [option] }), {
      code: "invalid-argument",
    }, option);
  }
  const fine = [
    ...["--partition=long", "-plong", "--account=a b", "--wait-all-nodes=1", "--time=1:0"],
    ...["--part=long", "--open-mode=append", "-H", "-QAgroupWao", "-wnode", "--comment=array"],
  ];
  new SlurmEngine({ sbatchOptions: fine });
});

testWithAllRights("SlurmEngine: any path is one word of the script", async () => {
  const odd = "/a 'b'\n$(touch /tmp/x)`id`\"\\;&|*";
  const { engine } = slurmWith({ sbatch: { stdout: "12\n" } });
  const folder = await Deno.makeTempDir();
  try {
    const words = ["printf", "%s", odd];
    await engine.place({ runId: 7n, words, count: 1, cpus: 1, gpus: 0, folder });
    const { stdout } = await new Deno.Command("sh", { args: [`${folder}/7.sh`] }).output();
    assert.equal(new TextDecoder().decode(stdout), odd);
    const place = engine.place({
      runId: 7n,
      words,
      count: 1,
      cpus: 1,
      gpus: 0,
      folder: `${folder}/a\\b`,
    });
    await assert.rejects(place, { code: "failed-precondition" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
