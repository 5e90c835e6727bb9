/** Federated averaging over two nodes, `num-rounds` times, with a model of 100 × 10 and 10 numbers. */
import { ArrayRecord, FedAvg, ServerApp, tensor } from "flwr";

const NODES = 2;

export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const strategy = new FedAvg({
    minTrainNodes: NODES,
    minEvaluateNodes: NODES,
    minAvailableNodes: NODES,
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds"),
    initialArrays: ArrayRecord.fromTensors([
      ["0", tensor("float32", [100, 10], new Float32Array(1000))],
      ["1", tensor("float32", [10], new Float32Array(10))],
    ]),
  });
  console.log(`The first number is ${arrays.tensors().get("0")?.data[0]}`);
});
