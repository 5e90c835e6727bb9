/** The ServerApp, which controls the run: federated averaging over all nodes. */
import { FedAvg, ServerApp } from "flwr";
import { fromArrays, startLine, toArrays } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const minNodes = runConfig.number("min-nodes", 2);
  const strategy = new FedAvg({
    minTrainNodes: minNodes,
    minEvaluateNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 3),
    initialArrays: toArrays(startLine()),
    trainConfig: {
      "local-steps": runConfig.number("local-steps", 5),
      "learning-rate": runConfig.number("learning-rate", 0.05),
    },
  });
  const [slope, offset] = fromArrays(arrays);
  console.log(`The line has slope ${slope!.toFixed(3)} and offset ${offset!.toFixed(3)}`);
  await artifacts.save("model.npz", arrays);
});
