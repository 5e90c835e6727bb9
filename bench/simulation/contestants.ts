import { FlwrError } from "../../base/error.ts";
import { startFlwr, startSuperLink } from "../../tests/support/flwr.ts";
import type { Process } from "../../tests/support/process.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { Stage } from "../../tests/support/stage.ts";
import type { Peers } from "./peer_environments.ts";
import { TreeMemory } from "./tree_memory.ts";

const APP = repositoryPath("bench/simulation/app");
const PROGRAMS = repositoryPath("bench/simulation/python");
/** After so many seconds a simulation is given up. */
const LIMIT_SECONDS = 600;

/** What is simulated. */
export interface Work {
  readonly users: number;
  /** Users that train in a round. */
  readonly cohort: number;
  /** Images of a user, and of a step. */
  readonly perUser: number;
  readonly batch: number;
  readonly rounds: number;
  /** Clients that answer at once (default: false). Only ours can. */
  readonly instant?: boolean;
}

/** One simulation as it was measured. */
export interface Measured {
  /** Seconds of each round but the first, which loads data and opens programs. */
  readonly rounds: readonly number[];
  /** Seconds from the start of the command until the first round had ended. */
  readonly firstRound: number;
  /** The most memory of all processes together, in bytes. */
  readonly peak: number;
}

/** A program that simulates. */
export type Contestant = (work: Work) => Promise<Measured>;

/** Where the sides find the data set. */
export interface DataFolders {
  /** As this project's apps store it. */
  readonly ours: string;
  /** As .npy files. */
  readonly npy: string;
}

/** `flwr run` on a SuperLink that is there already. */
export function ours(workers: number, { ours: data }: DataFolders): Contestant {
  return async (work) => {
    await using stage = await Stage.open();
    const env = { FLWR_HOME: stage.path("home") };
    const flags = ["--simulation", "--allow-read", data];
    const { http, process: superLink } = await startSuperLink({ stage, flags });
    const config = [
      `num-rounds=${work.rounds} cohort=${work.cohort} per-user=${work.perUser}`,
      `batch=${work.batch} instant=${work.instant === true} data-dir="${data}"`,
    ].join(" ");
    const settings = `num-supernodes=${work.users} init-args-num-cpus=${workers}`;
    const started = Date.now() / 1000;
    const run = startFlwr(stage, "flwr run", [
      ...["run", APP, http, "--insecure", "--no-check", "--stream"],
      ...["--federation-config", settings, "-c", config],
    ], env);
    // "2026-01-31T12:00:00.000Z   train: 50 results, 0.31 s"
    const ends = (line: string) => {
      const stamp = /^(\S+Z)\s+train: \d+ results/.exec(line)?.[1];
      return stamp === undefined ? undefined : Date.parse(stamp) / 1000;
    };
    return await measured(run, [superLink, run], { started, work, ends });
  };
}

/** One of the peers' programs, see python/. */
export function peer(
  name: "loop" | "pfl" | "flwr",
  workers: number,
  { peers, data }: { readonly peers: Peers; readonly data: DataFolders },
): Contestant {
  return async (work) => {
    await using stage = await Stage.open();
    const distributed = name === "pfl" && workers > 1
      ? ["-m", "torch.distributed.run", "--standalone", `--nproc-per-node=${workers}`]
      : [];
    const started = Date.now() / 1000;
    const run = stage.start({
      name,
      command: name === "flwr" ? peers.flwr : peers.pfl,
      args: [
        ...distributed,
        `${PROGRAMS}/${name}_peer.py`,
        ...[work.rounds, work.cohort, work.users].map(String),
      ],
      env: { CIFAR10: data.npy, PER_USER: `${work.perUser}`, BATCH: `${work.batch}` },
      cwd: PROGRAMS,
    });
    const ends = (line: string) => {
      const stamp = /ROUND-ENDED (\S+)/.exec(line)?.[1];
      return stamp === undefined ? undefined : Number(stamp);
    };
    return await measured(run, [run], { started, work, ends });
  };
}

/** Waits for a simulation's end, and reads when its rounds ended. */
async function measured(
  run: Process,
  processes: readonly Process[],
  { started, work, ends }: {
    readonly started: number;
    readonly work: Work;
    readonly ends: (line: string) => number | undefined;
  },
): Promise<Measured> {
  using memory = new TreeMemory(processes.map(({ pid }) => pid));
  const { success } = await run.ended(LIMIT_SECONDS);
  const times = run.lines.map(ends).filter((time) => time !== undefined);
  if (!success || times.length !== work.rounds) {
    throw new FlwrError("internal", `${times.length} of ${work.rounds} rounds:\n${run.tail()}`);
  }
  return {
    rounds: times.slice(1).map((time, i) => time - times[i]!),
    firstRound: times[0]! - started,
    peak: memory.peak,
  };
}
