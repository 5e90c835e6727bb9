/** What runs on each node: trains the network on the node's own images, and measures it. */
import { ClientApp, datasetSize, MetricRecord } from "flwr";
import { createModel, loadData, setArrays, toArrays } from "./task.ts";

// Made once for a run: every run has its own instance of this module. What must outlast a run's rounds on a node whose
// process is started anew belongs in context.state.
const model = createModel();

export const app = new ClientApp()
  .train(async ({ content }, context) => {
    const { train } = loadData(context);
    setArrays(model, content.arrayRecord("arrays"));
    const epochs = content.configRecord("config").number("local-epochs", 1);
    const { losses } = await model.fit(train, { epochs });
    const metrics = { "num-examples": datasetSize(train), loss: losses.at(-1)! };
    return { arrays: toArrays(model), metrics: new MetricRecord(metrics) };
  })
  .evaluate(async ({ content }, context) => {
    const { test } = loadData(context);
    setArrays(model, content.arrayRecord("arrays"));
    const { loss, accuracy } = await model.evaluate(test);
    return { metrics: new MetricRecord({ "num-examples": datasetSize(test), loss, accuracy }) };
  });
