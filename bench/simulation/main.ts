/**
 * Simulations of many nodes on one machine, against Flower 1.41.0 with Ray, pfl-research 0.6.0 and a bare loop of
 * PyTorch 2.13.0 on the same work: CIFAR-10, each user with some images, one local epoch of SGD on the example's network.
 *
 *     deno task bench simulation [--repeat 3] [--rounds 6] [--rows cross-device,…] [--peers DIR]
 *
 * The sides take turns. "one worker" and "loop" use one core, the others all. Flower's start is that of its
 * `run_simulation`, without `flwr run` and without a SuperLink; ours has a SuperLink that runs already.
 */
import { join } from "node:path";
import { Command, Option } from "commander";
import { loadCifar10 } from "../../ml/data/cifar10/load.ts";
import { cacheFolder } from "../../ml/data/cache_folder.ts";
import { reportError } from "../../roles/report_error.ts";
import { cifar10Arrays } from "../support/cifar10_arrays.ts";
import { describeMachine } from "../support/machine.ts";
import { oneOrMoreOf, repeatOption, wholeNumber } from "../support/options.ts";
import { median } from "../support/statistics.ts";
import { formatTable } from "../support/table.ts";
import { takeTurns } from "../support/turns.ts";
import { type Contestant, type Measured, ours, peer, type Work } from "./contestants.ts";
import { peerEnvironments } from "./peer_environments.ts";

/** What is measured, by name. */
const ROWS: Readonly<Record<string, Omit<Work, "rounds">>> = {
  "cross-device": { users: 1000, cohort: 50, perUser: 50, batch: 10 },
  "cross-silo": { users: 100, cohort: 10, perUser: 500, batch: 32 },
  "cohort-10": { users: 1000, cohort: 10, perUser: 50, batch: 10 },
  "cohort-1000": { users: 1000, cohort: 1000, perUser: 50, batch: 10 },
  "instant-100": { users: 100, cohort: 100, perUser: 1, batch: 1, instant: true },
  "instant-100000": { users: 100_000, cohort: 1000, perUser: 1, batch: 1, instant: true },
};
const SIDES = ["flwr", "one worker", "loop", "pfl", "ray"] as const;
type SideName = typeof SIDES[number];

interface Flags {
  readonly repeat: number;
  readonly rounds: number;
  readonly rows: readonly string[];
  readonly sides: readonly SideName[];
  readonly peers?: string;
}

async function bench({ repeat, rounds, rows, sides, peers: folder }: Flags): Promise<void> {
  await loadCifar10({ trainLimit: 1, testLimit: 1, onProgress: console.log });
  const data = { ours: join(cacheFolder(), "cifar10"), npy: await cifar10Arrays() };
  const cores = navigator.hardwareConcurrency;
  const peers = await peerEnvironments(folder);
  const contestants: Readonly<Record<SideName, Contestant>> = {
    "flwr": ours(cores, data),
    "one worker": ours(1, data),
    "loop": peer("loop", 1, { peers, data }),
    "pfl": peer("pfl", cores, { peers, data }),
    "ray": peer("flwr", cores, { peers, data }),
  };
  console.log(`${describeMachine()}; ${repeat} turns of each side, ${rounds} rounds each`);
  for (const row of rows) {
    const work = { ...ROWS[row]!, rounds };
    const taking = sides.filter((side) => !work.instant || side === "flwr");
    const turns = await takeTurns(taking, repeat, (side) => contestants[side](work));
    const results = new Map(taking.map((side, i) => [side, turns.map((turn) => turn[i]!)]));
    console.log(`\n${row}: ${work.users} users, cohort ${work.cohort}, ${work.perUser} images\n`);
    console.log(tableOf(results).join("\n"));
  }
}

/** A row for each side. Ratios are between minima of sides with the same number of cores, above 1 where ours is better. */
function tableOf(results: ReadonlyMap<SideName, readonly Measured[]>): string[] {
  const least = (side: SideName, pick: (one: Measured) => readonly number[]) =>
    Math.min(...(results.get(side) ?? []).flatMap(pick));
  const rounds = ({ rounds }: Measured) => rounds;
  const start = ({ firstRound }: Measured) => [firstRound];
  const peak = ({ peak }: Measured) => [peak];
  const head = ["", "round best", "median", "× ours", "first round", "× ours", "peak", "× ours"];
  return formatTable(
    head,
    [...results].map(([side, measured]) => {
      const own = side === "loop" || side === "one worker" ? "one worker" : "flwr";
      const times = (pick: (one: Measured) => readonly number[]) =>
        (least(side, pick) / least(own, pick)).toFixed(2);
      return [
        side,
        `${least(side, rounds).toFixed(3)} s`,
        `${median(measured.flatMap(rounds)).toFixed(3)} s`,
        times(rounds),
        `${least(side, start).toFixed(2)} s`,
        times(start),
        `${(least(side, peak) / 1e6).toFixed(0)} MB`,
        times(peak),
      ];
    }),
  );
}

try {
  await new Command("simulation")
    .description("Measure simulations of many nodes against Flower with Ray and pfl-research.")
    .addOption(repeatOption(3))
    .addOption(
      new Option("--rounds <n>", "rounds of a simulation; the first is not counted")
        .argParser(wholeNumber(2)).default(6),
    )
    .addOption(
      new Option("--rows <names>", Object.keys(ROWS).join(", "))
        .argParser(oneOrMoreOf(Object.keys(ROWS))).default(Object.keys(ROWS)),
    )
    .addOption(
      new Option("--sides <names>", SIDES.join(", "))
        .argParser(oneOrMoreOf(SIDES)).default(SIDES),
    )
    .option(
      "--peers <folder>",
      'folder with environments "pfl" and "flwr" (default: made once under .cache)',
    )
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
