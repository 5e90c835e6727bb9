/** Federated averaging over `min-nodes` nodes, `num-rounds` times. */
import { FedAvg, ServerApp } from "flwr";

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const minNodes = runConfig.number("min-nodes");
  const strategy = new FedAvg({
    fractionTrain: 1,
    fractionEvaluate: 0,
    minTrainNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  await strategy.start(grid, { numRounds: runConfig.number("num-rounds") });
});
