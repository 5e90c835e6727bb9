import { ArrayRecord, ClientApp, datasetSize, MetricRecord, perRun } from "flwr";
import { createModel, imagesOf, loadImages } from "./task.ts";

const modelOf = perRun(createModel, { sharedByNodes: true });
const allOf = perRun(loadImages, { sharedByNodes: true });

export const app = new ClientApp().train(async ({ content }, context) => {
  if (context.runConfig.boolean("instant")) {
    return {
      arrays: content.arrayRecord("arrays"),
      metrics: new MetricRecord({ "num-examples": 1 }),
    };
  }
  const [model, data] = [modelOf(context), imagesOf(await allOf(context), context)];
  model.setParameters(content.arrayRecord("arrays").tensors());
  const { losses } = await model.fit(data, { shuffle: false });
  const metrics = { "num-examples": datasetSize(data), loss: losses.at(-1)! };
  const arrays = ArrayRecord.fromTensors(model.getParameters());
  return { arrays, metrics: new MetricRecord(metrics) };
});
