/**
 * Flower 1.41's `flwr` command drives simulations of Python apps on our SuperLink, which Flower's own `flwr-simulation`
 * runs with Ray.
 */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { type Flower, FlowerCommand, flowerEnvironmentVariables } from "../support/flower.ts";
import { startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { processesOf } from "../support/processes_of.ts";
import { findPython, SIMULATION_VERSION, simulationEnvironment } from "../support/python.ts";
import { repositoryPath } from "../support/repository.ts";
import type { Stage } from "../support/stage.ts";
import { flowerScenario } from "./python_scenario.ts";

const APP = repositoryPath("tests/interop/apps/simulated");
/** The federation of a SuperLink without accounts. */
const FEDERATION = "@none/default";
/** Seconds that a run may take: Ray starts in 10 to 30. */
const RUN_SECONDS = 180;
/** Seconds that any other command of theirs may take. */
const COMMAND_SECONDS = 60;
/** Seconds after which the processes of a run that was stopped are gone. */
const GONE_SECONDS = 15;

/** Flower with Ray. */
async function flowerWithRay(): Promise<Flower> {
  const python = await simulationEnvironment((await findPython())!, console.log);
  return { version: SIMULATION_VERSION, python };
}

/** One of the runs in the list of `flwr ls`. */
interface Listed {
  readonly "run-id": string;
  readonly status: string;
  readonly "status-details": string;
}

/** A SuperLink of ours with simulated nodes, and the `flwr` command of a Flower at it. */
async function simulating(stage: Stage, flower: Flower) {
  const security = "insecure";
  const credentials = await makeCredentials(stage.folder.path);
  const superlink = await startSuperLink({
    stage,
    flags: ["--simulation", "--python", flower.python],
    env: flowerEnvironmentVariables(stage, "superlink"),
  });
  const command = await FlowerCommand.at({ stage, flower, security, credentials, superlink });
  /** Runs a command to its end. @returns what it printed */
  const flwr = async (args: readonly string[], seconds = COMMAND_SECONDS) => {
    const process = command.start(args);
    const { code } = await process.ended(seconds);
    assert.equal(code, 0, process.lines.join("\n"));
    return process.stdoutLines.join("\n");
  };
  return {
    superlink: superlink.process,
    flwr,
    /** Submits the app. @returns the run's id */
    submit: async (...flags: string[]) => {
      const started = await flwr(["run", APP, "here", "--format", "json", ...flags]);
      return String(JSON.parse(started)["run-id"]);
    },
    runs: async (): Promise<Listed[]> =>
      JSON.parse(await flwr(["ls", "here", "--format", "json"])).runs,
  };
}

/** The processes that our SuperLink has started for runs, by their ids. */
function processesOfRuns(stage: Stage): Promise<Map<number, string>> {
  return processesOf(stage.path("home/superlink/processes"));
}

/** Waits until Ray has started a worker for the ClientApp. @returns the ids of all processes of the run */
async function workersStarted(stage: Stage): Promise<number[]> {
  let found = new Map<number, string>();
  await eventually(
    async () => {
      found = await processesOfRuns(stage);
      return [...found.values()].some((commandLine) => commandLine.startsWith("ray::"));
    },
    RUN_SECONDS,
    "Ray to start a worker",
  );
  return [...found.keys()];
}

/** The folder that Ray was given for its files. */
async function rayFolder([pid]: readonly number[]): Promise<string> {
  const variables = (await Deno.readTextFile(`/proc/${pid}/environ`)).split("\0");
  const name = "RAY_TMPDIR=";
  return variables.find((variable) => variable.startsWith(name))!.slice(name.length);
}

/** Whether a process is running. A zombie counts as ended. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

/** Waits until the processes are gone, and with them all that they have started. */
async function allGone(stage: Stage, pids: readonly number[]): Promise<void> {
  await eventually(
    async () => {
      const found = await processesOfRuns(stage);
      const alive = await Promise.all(pids.map(isAlive));
      return found.size === 0 && !alive.includes(true);
    },
    GONE_SECONDS,
    "the processes of the run to end",
  );
}

flowerScenario(
  "flwr 1.41: it sets up, runs, lists and follows simulations of a Python app on our SuperLink",
  async (stage) => {
    const { flwr, submit, runs } = await simulating(stage, await flowerWithRay());
    await flwr([
      ...["federation", "simulation-config", FEDERATION, "here"],
      ...["--num-supernodes", "4", "--client-resources-num-cpus", "1"],
    ]);
    const shown = await flwr([
      ...["federation", "ls", "here"],
      ...["--federation", FEDERATION, "--format", "json"],
    ]);
    assert.match(shown, /"?num[-_]supernodes"?[":, ]+4/);

    const result = stage.path("result.json");
    const streamed = await flwr(
      ["run", APP, "here", "--stream", "-c", `nodes=4 result="${result}"`],
      RUN_SECONDS,
    );
    assert.match(streamed, /FINAL after 2 rounds with 4 nodes/);
    const rounds = JSON.parse(await Deno.readTextFile(result));
    const expected = [1, 2].map((messages) =>
      [0, 1, 2, 3].map((partition) => ({ partition, partitions: 4, messages }))
    );
    assert.deepEqual(rounds, expected);

    const small = await submit(
      ...["--federation-config", "num-supernodes=3"],
      ...["-c", "nodes=3 num-rounds=1"],
    );
    const log = await flwr(["log", small, "here"], RUN_SECONDS);
    assert.match(log, /FINAL after 1 rounds with 3 nodes/);
    assert.match(log, /Asked partition/);
    await eventually(
      async () => (await runs()).every(({ status }) => status === "finished:completed"),
      COMMAND_SECONDS,
      "both runs to be completed",
    );
    assert.equal((await runs()).length, 2);
    await allGone(stage, []);
  },
  { seconds: 600, ignore: !NIGHTLY },
);

flowerScenario(
  "flwr 1.41: a simulation that is stopped leaves no process and no file of Ray, and no process if its SuperLink is killed",
  async (stage) => {
    const { superlink, flwr, submit, runs } = await simulating(stage, await flowerWithRay());
    const long = [
      ...["--federation-config", "num-supernodes=2 client-resources-num-cpus=1"],
      ...["-c", "seconds=3600"],
    ];
    const id = await submit(...long);
    const pids = await workersStarted(stage);
    const folder = await rayFolder(pids);
    assert.ok((await Deno.stat(folder)).isDirectory);
    await flwr(["stop", id, "here"]);
    await allGone(stage, pids);
    await eventually(
      () => Deno.stat(folder).then(() => false, () => true),
      GONE_SECONDS,
      "the files of Ray to be removed",
    );
    assert.equal((await runs())[0]!.status, "finished:stopped");

    await submit(...long);
    const others = await workersStarted(stage);
    await superlink.end("SIGKILL");
    await allGone(stage, others);
  },
  { seconds: 600, ignore: !NIGHTLY },
);

flowerScenario(
  "flwr 1.41: without Ray, a simulation of a Python app ends with what to install",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const { submit, runs, flwr } = await simulating(stage, flower);
    const id = await submit();
    const log = await flwr(["log", id, "here"]);
    assert.match(log, /needs Ray, which is not installed for ".*python.*"/);
    assert.match(log, /bin\/python\S* -m pip install "flwr\[simulation\]"/);
    const [run] = await runs();
    assert.equal(run!.status, "finished:failed");
    assert.match(run!["status-details"], /needs Ray/);
  },
  // By day hosting/launch/python_program_test.ts and hosting/python/require_ray_test.ts show it without Flower.
  { seconds: 240, ignore: !NIGHTLY },
);
