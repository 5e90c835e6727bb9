/** The ClientApp, which runs on each node: trains the network on the node's own images. */
import { ArrayRecord, ClientApp, datasetSize, MetricRecord, perRun } from "flwr";
import { createModel, loadData } from "./task.ts";

// Each run has its own model and data, created at its first message.
const modelOf = perRun(createModel, { sharedByNodes: true });
const dataOf = perRun(loadData);

export const app = new ClientApp().train(async (message, context) => {
  const model = modelOf(context);
  const data = dataOf(context);
  // Set by position, because older servers number the arrays instead of naming them.
  model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
  const { losses } = await model.fit(data);
  const metrics = { "num-examples": datasetSize(data), train_loss: losses[0]! };
  return {
    arrays: ArrayRecord.fromTensors(model.getParameters()),
    metrics: new MetricRecord(metrics),
  };
});
