/**
 * The ServerApp, which controls the run: starts from the file's weights, and saves the trained model as a file again.
 */
import { ArrayRecord, evaluationMetrics, FedAvg, ServerApp } from "flwr";
import { createModel, stripes } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  await using model = createModel();
  const test = stripes(200, 0);
  const minNodes = runConfig.number("min-nodes", 2);
  const strategy = new FedAvg({
    fractionEvaluate: 0, // the server evaluates the global model itself
    minTrainNodes: minNodes,
    minAvailableNodes: minNodes,
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 3),
    initialArrays: ArrayRecord.fromTensors(model.getParameters()),
    evaluateFn: async (_, arrays) => {
      model.setParameters([...arrays.tensors().values()]);
      return evaluationMetrics(await model.evaluate(test));
    },
  });
  model.setParameters([...arrays.tensors().values()]);
  await artifacts.save("trained.onnx", model.export());
});
