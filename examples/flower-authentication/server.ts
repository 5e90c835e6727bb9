/** The ServerApp, which controls the run: federated averaging over all nodes. */
import { FedAvg, ServerApp } from "flwr";

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const minNodes = runConfig.number("min-nodes", 2);
  const strategy = new FedAvg({
    fractionTrain: 1,
    fractionEvaluate: 0, // nodes evaluate the model that they trained, as part of training
    minTrainNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  await strategy.start(grid, { numRounds: runConfig.number("num-rounds", 3) });
});
