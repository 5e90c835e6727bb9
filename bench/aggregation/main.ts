/**
 * How long strategies take to aggregate replies that have arrived, against the real Flower 1.41.0 with numpy.
 *
 *     deno task bench aggregation [--repeat 3] [--replies 20] [--elements 2000000] [--strategies FedAvg,FedAdam]
 */
import { Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import { reportError } from "../../roles/report_error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import type { Comparison } from "../support/comparison.ts";
import { describeMachine } from "../support/machine.ts";
import { repeatOption, wholeNumber } from "../support/options.ts";
import { printComparisons } from "../support/print_comparisons.ts";
import { benchFlower } from "../support/python_environment.ts";
import { takeTurns } from "../support/turns.ts";

/** Rounds of a strategy in each turn, of which the best counts. */
const ROUNDS = 3;
const GOAL = 1.5;

interface AggregationFlags {
  repeat: number;
  replies: number;
  elements: number;
  /** Names; none: all. */
  strategies: readonly string[];
}

/** Seconds of each strategy. */
type Seconds = Readonly<Record<string, number>>;

async function bench(flags: AggregationFlags): Promise<void> {
  const { repeat, replies, elements, strategies } = flags;
  const numbers = [...[replies, elements, ROUNDS].map(String), ...strategies];
  const peers = [
    [Deno.execPath(), "run", "-A", repositoryPath("bench/aggregation/flwr_peer.ts"), ...numbers],
    [await benchFlower(), repositoryPath("bench/aggregation/numpy_peer.py"), ...numbers],
  ] as const;
  console.log(describeMachine());
  const turns = await takeTurns(peers, repeat, aggregate);
  const measured = Object.keys(turns[0]![0]!);
  const unknown = strategies.find((name) => !measured.includes(name));
  if (unknown !== undefined) {
    throw new FlwrError("invalid-argument", `--strategies: no strategy "${unknown}" is measured`, {
      hints: ["Leave out --strategies to see all names"],
    });
  }
  const comparisons = measured.map((strategy): Comparison => ({
    measure: strategy,
    unit: "s",
    better: "less",
    goal: GOAL,
    values: {
      flwr: turns.map(([flwr]) => flwr![strategy]!),
      python: turns.map(([, python]) => python![strategy]!),
    },
  }));
  const title = `${replies} replies of ${elements} float32, against Flower 1.41.0 with numpy`;
  printComparisons("aggregation", title, comparisons);
}

async function aggregate([command, ...args]: readonly [string, ...string[]]): Promise<Seconds> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (success) return JSON.parse(new TextDecoder().decode(stdout));
  throw new FlwrError("internal", `A peer failed: ${new TextDecoder().decode(stderr)}`);
}

try {
  await new Command("aggregation")
    .description("Measure how long strategies take to aggregate, against Flower with numpy.")
    .addOption(repeatOption(3))
    .addOption(
      new Option("--replies <n>", "of a round").argParser(wholeNumber(1)).default(20),
    )
    .addOption(
      new Option("--elements <n>", "of each reply").argParser(wholeNumber(1)).default(2_000_000),
    )
    .addOption(
      new Option("--strategies <names>", "some of them, with commas between")
        .argParser((text) => text.split(",")).default([], "all"),
    )
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
