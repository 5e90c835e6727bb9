/** The ServerApp: one strategy after the other, from zeros. It saves what each came to as report.json. */
import {
  ArrayRecord,
  averageMetrics,
  Bulyan,
  type CheckedReply,
  FedAdam,
  type FedAvgOptions,
  QFedAvg,
  ServerApp,
  tensor,
} from "flwr";

export const app = new ServerApp().main(async (grid, { artifacts, runConfig }) => {
  const numRounds = runConfig.number("num-rounds");
  let order: number[] = [];
  const bytes: number[][] = [];
  const options: FedAvgOptions = {
    fractionEvaluate: 0,
    minTrainNodes: 3,
    minAvailableNodes: 3,
    trainMetricsAggrFn: (replies: readonly CheckedReply[], key) => {
      order = replies.map(({ metrics }) => metrics.number("partition"));
      bytes.push(replies.map(({ metrics }) => metrics.number("bytes")));
      return averageMetrics(replies, key);
    },
  };
  const strategies = {
    FedAdam: new FedAdam(options),
    Bulyan: new Bulyan(options),
    QFedAvg: new QFedAvg({ clientLearningRate: 0.05, elementTypes: "float64", ...options }),
  };
  const report: Record<string, unknown> = {};
  for (const [name, strategy] of Object.entries(strategies)) {
    bytes.length = 0;
    const weights = tensor("float32", [3], new Float32Array(3));
    const initialArrays = ArrayRecord.fromTensors({ weights });
    const result = await strategy.start(grid, { numRounds, initialArrays });
    const { dtype, data } = result.arrays.tensors().get("weights")!;
    report[name] = { dtype, weights: [...data].map(Number), order, bytes: structuredClone(bytes) };
  }
  await artifacts.save("report.json", JSON.stringify(report));
});
