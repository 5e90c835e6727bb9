import { ArrayRecord, FedAvg, ServerApp } from "flwr";
import { createModel } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  await using model = createModel({ runConfig });
  const users = (await grid.nodeIds()).length;
  const cohort = runConfig.number("cohort");
  await new FedAvg({
    fractionTrain: cohort / users,
    fractionEvaluate: 0,
    minTrainNodes: 1,
    minAvailableNodes: 1,
  }).start(grid, {
    numRounds: runConfig.number("num-rounds"),
    initialArrays: ArrayRecord.fromTensors(model.getParameters()),
  });
});
