/** The ClientApp, which runs on each node: trains the global model on the node's own images. */
import {
  ArrayRecord,
  ClientApp,
  type Context,
  datasetSize,
  type Message,
  MetricRecord,
  type Model,
  perRun,
} from "flwr";
import { createModel, loadData, train } from "./task.ts";

// Each run has its own model and data, created at its first message.
const modelOf = perRun(createModel, { sharedByNodes: true });
const dataOf = perRun(loadData);

const arraysOf = (model: Model) => ArrayRecord.fromTensors(model.getParameters());

/**
 * The run's model with the global parameters, which are set by position: older servers number the arrays instead of
 * naming them.
 */
function receiveModel({ content }: Message, context: Context): Model {
  const model = modelOf(context);
  model.setParameters([...content.arrayRecord("arrays").tensors().values()]);
  return model;
}

export const app = new ClientApp()
  .parameters((_, context) => ({ arrays: arraysOf(modelOf(context)) }))
  .train(async (message, context) => {
    const data = await dataOf(context);
    const model = receiveModel(message, context);
    const measured = await train(model, data);
    const metrics = { "num-examples": datasetSize(data.train), ...measured };
    return { arrays: arraysOf(model), metrics: new MetricRecord(metrics) };
  })
  .evaluate(async (message, context) => {
    const data = await dataOf(context);
    const model = receiveModel(message, context);
    const { loss, accuracy } = await model.evaluate(data.test);
    const metrics = { "num-examples": datasetSize(data.test), loss, accuracy };
    return { metrics: new MetricRecord(metrics) };
  });
