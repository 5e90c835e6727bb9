/** The ServerApp: federated averaging, and the trained network as an ONNX file. */
import { ArrayRecord, FedAvg, ServerApp } from "flwr";
import { createModel } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const minNodes = runConfig.number("min-nodes", 2);
  await using model = createModel();
  const strategy = new FedAvg({
    minTrainNodes: minNodes,
    minEvaluateNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 5),
    initialArrays: ArrayRecord.fromTensors(model.getParameters()),
  });
  model.setParameters([...arrays.tensors().values()]);
  await artifacts.save("leaves.onnx", model.export());
});
