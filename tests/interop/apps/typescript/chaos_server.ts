/**
 * The ServerApp of the runs that are disturbed. The run's configuration: `nodes` are the ids of the nodes that take part,
 * with commas between them, and `num-rounds` is the number of rounds. It saves what it came to as result.json.
 */
import { FedAvg, FractionSelection, ServerApp } from "flwr";
import { initial, shown } from "./arithmetic.ts";

const settings = (round: number) => ({ round, scale: 0.9 });

export const app = new ServerApp().main(async (grid, { artifacts, runConfig }) => {
  const nodes = new Set(runConfig.string("nodes").split(",").map(BigInt));
  const selection = new FractionSelection({
    where: ({ nodeId }) => nodes.has(nodeId),
    minNodes: nodes.size,
    minAvailableNodes: nodes.size,
  });
  const strategy = new FedAvg({}, { selection, evaluateSelection: selection });
  const result = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds"),
    initialArrays: initial(),
    trainConfig: settings,
    evaluateConfig: settings,
  });
  const rounds = result.rounds.map(({ round, train, evaluate }) => ({
    round,
    results: train?.results.length,
    train: { mean: train?.metrics?.number("mean") },
    loss: evaluate?.metrics?.number("loss"),
    evaluate: { double: evaluate?.metrics?.number("double") },
  }));
  await artifacts.save("result.json", JSON.stringify({ weights: shown(result.arrays), rounds }));
});
