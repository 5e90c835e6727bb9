/** The ServerApp: rounds of secure aggregation, timed from the first message to the new model. */
import { ArrayRecord, FedAvg, SecAggPlus, ServerApp, tensor } from "flwr";

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const nodes = runConfig.number("nodes");
  const elements = runConfig.number("elements");
  const plain = new FedAvg({ fractionEvaluate: 0, minTrainNodes: nodes, minAvailableNodes: nodes });
  const { rounds } = await new SecAggPlus(plain, { maxWeight: 100 }).start(grid, {
    numRounds: runConfig.number("num-rounds"),
    initialArrays: ArrayRecord.fromTensors({
      w: tensor("float32", [elements], new Float32Array(elements)),
    }),
  });
  console.log(`SECONDS ${JSON.stringify(rounds.map(({ train }) => train!.seconds))}`);
});
