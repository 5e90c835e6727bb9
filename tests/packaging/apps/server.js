// The ServerApp for client.js: two rounds on one node.
import { FedAvg, ServerApp } from "flwr";

export const app = new ServerApp().main(async (grid) => {
  const strategy = new FedAvg({ fractionEvaluate: 0, minTrainNodes: 1, minAvailableNodes: 1 });
  await strategy.start(grid, { numRounds: 2 });
});
