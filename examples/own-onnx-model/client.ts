/** What runs on each node: trains the network on the node's own images. */
import { ArrayRecord, ClientApp, type Dataset, datasetSize, MetricRecord } from "flwr";
import { createModel, loadData } from "./task.ts";

const model = createModel();
// Made at the run's first message: every run has its own instance of this module.
let data: Dataset | undefined;

export const app = new ClientApp().train(async (message, context) => {
  data ??= loadData(context);
  // By position, as older servers number the arrays instead of naming them.
  model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
  const { losses } = await model.fit(data);
  const metrics = { "num-examples": datasetSize(data), train_loss: losses[0]! };
  return {
    arrays: ArrayRecord.fromTensors(model.getParameters()),
    metrics: new MetricRecord(metrics),
  };
});
