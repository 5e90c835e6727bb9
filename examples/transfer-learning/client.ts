/** The ClientApp, which runs on each node: it trains the head on the node's own images. */
import {
  ArrayRecord,
  ClientApp,
  type Context,
  datasetSize,
  evaluationMetrics,
  type Message,
  MetricRecord,
  perRun,
  readImageFolder,
  trainTestSplit,
} from "flwr";
import { CLASSES, createModel } from "./task.ts";

/** The node's images, in one folder for each class. */
const dataOf = perRun(async ({ nodeConfig }: Context) => {
  const images = await readImageFolder(nodeConfig.string("images"), {
    classes: CLASSES,
    orientation: "apply",
  });
  return trainTestSplit(images, { testFraction: 0.25, stratify: true });
});
const modelOf = perRun(createModel, { sharedByNodes: true });

function receive({ content }: Message, context: Context) {
  const model = modelOf(context);
  model.setParameters([...content.arrayRecord("arrays").tensors().values()]);
  return model;
}

export const app = new ClientApp()
  .train(async (message, context) => {
    const { train } = await dataOf(context);
    const model = receive(message, context);
    const { losses } = await model.fit(train, { epochs: 3 });
    const metrics = new MetricRecord({ "num-examples": datasetSize(train), loss: losses.at(-1)! });
    return { arrays: ArrayRecord.fromTensors(model.getParameters()), metrics };
  })
  .evaluate(async (message, context) => {
    const { test } = await dataOf(context);
    const measured = evaluationMetrics(await receive(message, context).evaluate(test));
    return { metrics: new MetricRecord({ "num-examples": datasetSize(test), ...measured }) };
  });
