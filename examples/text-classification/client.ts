/** The ClientApp, which runs on each node: its texts stay there. */
import {
  ArrayRecord,
  ClientApp,
  ConfigRecord,
  type Context,
  datasetSize,
  evaluationMetrics,
  type Message,
  MetricRecord,
  perRun,
  trainTestSplit,
  type Vocabulary,
  wordCounts,
} from "flwr";
import { createModel, loadData, readTexts } from "./task.ts";

/** The node's texts and its model, with the vocabulary of all nodes, which each message brings. */
async function prepare({ content }: Message, { nodeConfig }: Context) {
  const words: Vocabulary = JSON.parse(content.configRecord("config").string("vocabulary"));
  const data = await loadData(nodeConfig.string("texts"), words);
  const parts = trainTestSplit(data, { testFraction: 0.25, stratify: true });
  return { ...parts, model: createModel(words) };
}

const runs = perRun((): { work?: ReturnType<typeof prepare> } => ({}));

async function receive(message: Message, context: Context) {
  const work = await (runs(context).work ??= prepare(message, context));
  work.model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
  return work;
}

export const app = new ClientApp()
  .query("words", async (_, { nodeConfig }) => {
    const { texts } = await readTexts(nodeConfig.string("texts"));
    // Words that occur once, such as names, stay here.
    const counts = wordCounts(texts, { minFrequency: 2 });
    return { words: new ConfigRecord({ json: JSON.stringify(counts) }) };
  })
  .train(async (message, context) => {
    const { model, train } = await receive(message, context);
    const { losses } = await model.fit(train, { epochs: 3 });
    const metrics = new MetricRecord({ "num-examples": datasetSize(train), loss: losses.at(-1)! });
    return { arrays: ArrayRecord.fromTensors(model.getParameters()), metrics };
  })
  .evaluate(async (message, context) => {
    const { model, test } = await receive(message, context);
    const measured = evaluationMetrics(await model.evaluate(test));
    return { metrics: new MetricRecord({ "num-examples": datasetSize(test), ...measured }) };
  });
