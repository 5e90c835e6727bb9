import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { FlwrError } from "../../base/error.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { httpCallRate } from "../current/calls.ts";
import { startTimes } from "../current/starts.ts";
import { submittedRun } from "../current/submitted_run.ts";
import { flwrSide } from "../flower/flwr_side.ts";
import { federatedRun } from "../support/federated_run.ts";
import { flwrContestant } from "../support/flwr_contestant.ts";
import type { Measured } from "./measured.ts";

/** How much is measured. */
export interface MeasureOptions {
  readonly credentials: Credentials;
  /** Rounds with clients that answer at once. */
  readonly rounds: number;
  /** Heartbeats that count. */
  readonly calls: number;
  /** Passes over the examples, after one that does not count. */
  readonly epochs: number;
}

const NODES = 2;
/** After so many seconds a run is given up. */
const LIMIT_SECONDS = 120;
/** Rounds of a submitted run. */
const SUBMITTED_ROUNDS = 3;
/** What bench/ml/flwr_peer.ts trains: network, threads, examples, batch. */
const TRAINING = ["example", "1", "4992", "32"];

/**
 * Runs a version once, so that its sources are compiled and its caches filled before anything counts: a fresh copy takes
 * several times as long for its first run.
 *
 * @param command its installed `flwr`
 */
export async function warmUp(command: string, credentials: Credentials): Promise<void> {
  const side = flwrSide({ flwr: command });
  await submittedRun({ superLink: side, others: side }, credentials, 1);
}

/**
 * Measures a version: rounds outside training, starts, submitted runs, calls, training. Rows that say
 * "installed", submitted runs and calls are those of its installed program, as users have it; the others run its
 * sources. What drives them is this version's.
 *
 * @param root the folder of the sources
 * @param command its installed `flwr`
 */
export async function measureVersion(
  root: string,
  command: string,
  options: MeasureOptions,
): Promise<Measured[]> {
  const { credentials, rounds, calls, epochs } = options;
  const contestant = flwrContestant({
    root,
    folder: repositoryPath("bench/roles/instant"),
    nodeConfig: "",
    runConfig: `num-rounds=${rounds} min-nodes=${NODES}`,
  });
  const run = await federatedRun(contestant, {
    credentials,
    nodes: NODES,
    limitSeconds: LIMIT_SECONDS,
  });
  const side = flwrSide({ flwr: command });
  const { superLink, superNode, list } = await startTimes(side, credentials);
  const submitted = await submittedRun(
    { superLink: side, others: side },
    credentials,
    SUBMITTED_ROUNDS,
  );
  const { callsPerSecond, cpuMilliseconds } = await httpCallRate(side, credentials, calls);
  const trained = await examplesPerSecond(root, epochs);
  const measured = [
    ["a round outside training, gRPC", "s", "less", run.history.seconds / run.history.rounds],
    [
      "SuperNodes' processor time for a round",
      "s",
      "less",
      run.superNodeCpuSeconds / run.history.rounds,
    ],
    ["start of the SuperLink, installed", "s", "less", superLink],
    ["start of a SuperNode, installed", "s", "less", superNode],
    ["flwr ls, installed", "s", "less", list],
    ["start of the SuperLink", "s", "less", run.readySeconds.superLink],
    ["start of a SuperNode", "s", "less", run.readySeconds.superNode],
    [`${SUBMITTED_ROUNDS} rounds, submit to finished, HTTP`, "s", "less", submitted],
    ["heartbeats over HTTP, P-384, 64 in flight", "calls/s", "more", callsPerSecond],
    ["SuperLink's processor time per heartbeat", "ms", "less", cpuMilliseconds],
    ["training, the example's network, 1 thread", "examples/s", "more", trained],
  ] as const;
  return measured.flatMap(([measure, unit, better, value]) =>
    value === undefined ? [] : [{ measure, unit, better, value }]
  );
}

/** The best of some passes; undefined where the version has no such program. */
async function examplesPerSecond(root: string, epochs: number): Promise<number | undefined> {
  const peer = join(root, "bench/ml/flwr_peer.ts");
  if (!await Deno.stat(peer).then(() => true, () => false)) return undefined;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", peer, ...TRAINING],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const train = () => stdin.write(new TextEncoder().encode("train\n"));
  const rates: number[] = [];
  try {
    for await (const line of createInterface({ input: Readable.fromWeb(child.stdout as never) })) {
      if (line !== "ready") rates.push(Number(line));
      if (rates.length > epochs) break;
      await train();
    }
  } finally {
    await stdin.close().catch(() => {});
    await child.stdout.cancel().catch(() => {});
  }
  await child.status;
  if (rates.length > epochs) return Math.max(...rates.slice(1));
  throw new FlwrError("internal", `${peer} ended before it had trained`);
}
