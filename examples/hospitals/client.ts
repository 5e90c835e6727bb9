/** The ClientApp, which runs at each hospital: its rows stay there. */
import {
  ArrayRecord,
  binaryStatistics,
  ClientApp,
  ConfigRecord,
  type Context,
  datasetSize,
  type Message,
  MetricRecord,
  perRun,
  readCsv,
  rocAuc,
  type TableSchema,
  tableStatistics,
} from "flwr";
import { createModel, ENCODING, TABLE } from "./task.ts";

/** The hospital's rows and its model, encoded by the schema of all hospitals, which each message brings. */
async function prepare({ content }: Message, { nodeConfig }: Context) {
  const schema: TableSchema = JSON.parse(content.configRecord("config").string("schema"));
  const data = await readCsv(nodeConfig.string("table"), { ...TABLE, schema });
  return { ...data, model: createModel(schema) };
}

const runs = perRun((): { work?: ReturnType<typeof prepare> } => ({}));

async function receive(message: Message, context: Context) {
  const work = await (runs(context).work ??= prepare(message, context));
  work.model.setParameters([...message.content.arrayRecord("arrays").tensors().values()]);
  return work;
}

export const app = new ClientApp()
  .query("statistics", async (_, { nodeConfig }) => {
    const statistics = await tableStatistics(nodeConfig.string("table"), { ...TABLE, ...ENCODING });
    return { statistics: new ConfigRecord({ json: JSON.stringify(statistics) }) };
  })
  .train(async (message, context) => {
    const { model, train } = await receive(message, context);
    const { losses } = await model.fit(train, { epochs: 2 });
    const metrics = new MetricRecord({ "num-examples": datasetSize(train), loss: losses.at(-1)! });
    return { arrays: ArrayRecord.fromTensors(model.getParameters()), metrics };
  })
  .evaluate(async (message, context) => {
    const { model, test } = await receive(message, context);
    const logits = await model.predict(test.x);
    const scores = logits.data.map((logit) => 1 / (1 + Math.exp(-logit)));
    const labels = Array.from(test.y.data, Number);
    const auc = rocAuc(scores, labels)!; // a stratified split has both classes
    const parts = binaryStatistics(scores, labels, { bins: 100 }).parts("risk");
    const metrics = { "num-examples": datasetSize(test), auc, ...parts };
    return { metrics: new MetricRecord(metrics) };
  });
