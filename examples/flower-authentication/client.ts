/** What runs on each node: trains the global model on the node's own images. */
import {
  ArrayRecord,
  type Cifar10,
  ClientApp,
  datasetSize,
  type Message,
  MetricRecord,
} from "flwr";
import { createModel, loadData, train } from "./task.ts";

const model = createModel();
// Read at the run's first message: every run has its own instance of this module.
let data: Cifar10 | undefined;

const modelArrays = () => ArrayRecord.fromTensors(model.getParameters());

/** Takes over the global model: by position, as older servers number the arrays instead of naming them. */
function receiveModel(message: Message): void {
  model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
}

export const app = new ClientApp()
  .parameters(() => ({ arrays: modelArrays() }))
  .train(async (message, context) => {
    data ??= await loadData(context);
    receiveModel(message);
    const measured = await train(model, data);
    const metrics = { "num-examples": datasetSize(data.train), ...measured };
    return { arrays: modelArrays(), metrics: new MetricRecord(metrics) };
  })
  .evaluate(async (message, context) => {
    data ??= await loadData(context);
    receiveModel(message);
    const { loss, accuracy } = await model.evaluate(data.test);
    const metrics = { "num-examples": datasetSize(data.test), loss, accuracy };
    return { metrics: new MetricRecord(metrics) };
  });
