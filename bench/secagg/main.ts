/**
 * What secure aggregation costs: rounds of SecAgg+ and of our own protocol against rounds of plain FedAvg, and against
 * Flower 1.41.0's SecAgg+.
 *
 *     deno task bench secagg [--repeat 3] [--nodes 10,50] [--elements 60000,1000000] [--sides flwr]
 *     deno task bench secagg --federation [--nodes 10] [--elements 60000] [--sides flwr,python]
 *
 * By default server and nodes are in one process and one thread, without a wire and without training, on both sides: a
 * round's processor time is the work of all nodes and of the server together. In a federation each node does its own part, at the same
 * time as others. With --federation it is whole federations: SuperLink, SuperNodes and the apps as processes of this machine.
 */
import { cpuUsage } from "node:process";
import { Command, Option } from "commander";
import { Federation, nodeIds } from "../../app/secagg/testing/federation.ts";
import { SecAggPlus } from "../../app/secagg/secaggplus.ts";
import { SecureAggregation } from "../../app/secagg/signed/secure_aggregation.ts";
import { secureAggregationMod } from "../../app/secagg/signed/secure_aggregation_mod.ts";
import { trustedIdentities } from "../../app/secagg/signed/testing/identities.ts";
import { FedAvg } from "../../app/strategy/fedavg.ts";
import { reportError } from "../../roles/report_error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { describeMachine } from "../support/machine.ts";
import { oneOrMoreOf, repeatOption, wholeNumbers } from "../support/options.ts";
import { benchFlower } from "../support/python_environment.ts";
import { median, pairedRatio } from "../support/statistics.ts";
import { formatTable } from "../support/table.ts";
import { ourFederation, theirFederation } from "./federation.ts";

const SIDES = ["flwr", "python"] as const;

/** Above this many nodes · elements Flower's side is left out: it takes minutes. */
const MAX_PYTHON_WORK = 10 * 1_000_000;

interface SecaggFlags {
  repeat: number;
  nodes: readonly number[];
  elements: readonly number[];
  sides: readonly (typeof SIDES[number])[];
  federation?: boolean;
}

/** How the models of a round are summed. */
type Protocol = "plain" | "secagg+" | "secure";

/** Processor seconds of one round: on a shared machine they say more than the clock. */
async function round(nodes: number, elements: number, protocol: Protocol): Promise<number> {
  const options = { nodes, elements, numExamples: () => 50 };
  const plain = new FedAvg({ fractionEvaluate: 0, minTrainNodes: nodes });
  const { federation, strategy } = protocol === "plain"
    ? { federation: new Federation({ ...options, mods: [] }), strategy: plain }
    : protocol === "secagg+"
    ? { federation: new Federation(options), strategy: new SecAggPlus(plain, { maxWeight: 100 }) }
    : {
      federation: new Federation({
        ...{ ...options, mods: [secureAggregationMod()] },
        identities: await trustedIdentities(nodeIds(nodes)),
      }),
      strategy: new SecureAggregation(plain, { maxWeight: 100 }),
    };
  const before = cpuUsage();
  await federation.run(strategy);
  const { user, system } = cpuUsage(before);
  return (user + system) / 1e6;
}

/** Processor seconds of one round in Flower. */
async function pythonRound(python: string, nodes: number, elements: number): Promise<number> {
  const { stdout, success, stderr } = await new Deno.Command(python, {
    args: [repositoryPath("bench/secagg/python_round.py"), ...[nodes, elements, 1].map(String)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!)[0];
}

async function bench({ repeat, nodes, elements, sides }: SecaggFlags): Promise<void> {
  const python = sides.includes("python") ? await benchFlower() : undefined;
  console.log(describeMachine());
  const rows: string[][] = [];
  for (const count of nodes) {
    for (const size of elements) {
      const [plain, ours, secure, theirs]: number[][] = [[], [], [], []];
      const compares = python !== undefined && count * size <= MAX_PYTHON_WORK;
      for (const protocol of ["secagg+", "secure"] as const) await round(3, 1_000, protocol); // compiles the code
      for (let turn = 0; turn < repeat; turn++) {
        plain!.push(await round(count, size, "plain"));
        ours!.push(await round(count, size, "secagg+"));
        secure!.push(await round(count, size, "secure"));
        if (compares) theirs!.push(await pythonRound(python, count, size));
      }
      rows.push([
        `${count} × ${size.toLocaleString("en")}`,
        shown(plain!),
        shown(ours!),
        shown(secure!),
        compares ? shown(theirs!) : "–",
        compares ? `${pairedRatio(theirs!, ours!).toFixed(1)}×` : "–",
        compares ? `${pairedRatio(theirs!, secure!).toFixed(1)}×` : "–",
      ]);
    }
  }
  const head = [
    ...["nodes × elements", "FedAvg", "SecAgg+", "SecureAggregation", "Flower's SecAgg+"],
    ...["SecAgg+ against Flower", "SecureAggregation against Flower"],
  ];
  console.log(formatTable(head, rows).join("\n"));
}

/** Rounds of each federation: the first also starts the app on each node. */
const ROUNDS = 2;

async function benchFederations({ nodes, elements, sides }: SecaggFlags): Promise<void> {
  console.log(describeMachine());
  const rows: string[][] = [];
  for (const count of nodes) {
    for (const size of elements) {
      const options = { nodes: count, elements: size, rounds: ROUNDS };
      for (const side of sides) {
        const seconds = side === "flwr"
          ? await ourFederation(options)
          : await theirFederation(await benchFlower(), options);
        const [first, ...later] = seconds;
        const name = `${count} × ${size.toLocaleString("en")}`;
        rows.push([name, side, `${first!.toFixed(2)} s`, shown(later)]);
      }
    }
  }
  const head = ["nodes × elements", "side", "first round", "second round"];
  console.log(formatTable(head, rows).join("\n"));
}

const shown = (seconds: readonly number[]) =>
  `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)})`;

try {
  await new Command("secagg")
    .addOption(repeatOption(3))
    .addOption(
      new Option("--nodes <numbers>", "numbers of nodes").argParser(wholeNumbers(3))
        .default([10, 50], "10,50"),
    )
    .addOption(
      new Option("--elements <numbers>", "sizes of the model").argParser(wholeNumbers(1))
        .default([60_000, 1_000_000], "60000,1000000"),
    )
    .option("--federation", "measure whole federations instead, of as many processes as nodes")
    .addOption(
      new Option("--sides <sides>", `sides to measure: ${SIDES.join(",")}`)
        .argParser(oneOrMoreOf(SIDES)).default(SIDES, SIDES.join(",")),
    )
    .exitOverride()
    .action((flags: SecaggFlags) => flags.federation ? benchFederations(flags) : bench(flags))
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
