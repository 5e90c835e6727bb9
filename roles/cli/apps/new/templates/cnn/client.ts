/** The ClientApp, which runs on each node: it trains the network on the node's own images, and evaluates it. */
import { ClientApp, datasetSize, evaluationMetrics, MetricRecord, perRun } from "flwr";
import { createModel, loadData, setArrays, toArrays } from "./task.ts";

// Each run has its own model and data, created at its first message. Values that must survive a restart of the app's
// process belong in context.state.
const modelOf = perRun(createModel, { sharedByNodes: true });
const dataOf = perRun(loadData);

export const app = new ClientApp()
  .train(async ({ content }, context) => {
    const model = modelOf(context);
    const { train } = dataOf(context);
    setArrays(model, content.arrayRecord("arrays"));
    const epochs = content.configRecord("config").number("local-epochs", 1);
    const { losses } = await model.fit(train, { epochs });
    const metrics = { "num-examples": datasetSize(train), loss: losses.at(-1)! };
    return { arrays: toArrays(model), metrics: new MetricRecord(metrics) };
  })
  .evaluate(async ({ content }, context) => {
    const model = modelOf(context);
    const { test } = dataOf(context);
    setArrays(model, content.arrayRecord("arrays"));
    const measured = evaluationMetrics(await model.evaluate(test));
    return { metrics: new MetricRecord({ "num-examples": datasetSize(test), ...measured }) };
  });
