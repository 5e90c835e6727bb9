/** The ServerApp, which controls the run: federated averaging over all nodes. */
import { FedAvg, ServerApp } from "flwr";
import { createModel, toArrays } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const minNodes = runConfig.number("min-nodes", 2);
  const strategy = new FedAvg({
    minTrainNodes: minNodes,
    minEvaluateNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  await using model = createModel();
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 3),
    initialArrays: toArrays(model),
    trainConfig: { "local-epochs": runConfig.number("local-epochs", 1) },
  });
  await artifacts.save("model.npz", arrays);
});
