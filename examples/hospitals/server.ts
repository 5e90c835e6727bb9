/** The ServerApp: hospitals agree on the encoding of their tables, then train. */
import {
  aggregateMetrics,
  ArrayRecord,
  FedAvg,
  mergeTableStatistics,
  Message,
  ServerApp,
} from "flwr";
import { createModel } from "./task.ts";

export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  const hospitals = runConfig.number("hospitals", 3);
  const nodes = await grid.waitForNodes(hospitals);
  const questions = nodes.map((dstNodeId) =>
    Message.create({ content: {}, dstNodeId, messageType: "query.statistics" })
  );
  const replies = await grid.sendAndReceive(questions, { timeout: 60 });
  const schema = mergeTableStatistics(
    replies.map(({ content }) => content.configRecord("statistics").string("json")),
  );
  const config = { schema: JSON.stringify(schema) };
  await using model = createModel(schema);
  const strategy = new FedAvg({
    minTrainNodes: hospitals,
    minEvaluateNodes: hospitals,
    minAvailableNodes: hospitals,
    // risk-auc is that of all test rows together; auc-min, -median and -max are over the hospitals.
    evaluateMetricsAggrFn: aggregateMetrics({ statistics: { risk: "binary" }, spread: ["auc"] }),
  });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds", 5),
    initialArrays: ArrayRecord.fromTensors(model.getParameters()),
    trainConfig: config,
    evaluateConfig: config,
  });
  await artifacts.save("model.npz", arrays);
});
