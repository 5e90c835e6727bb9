/** The ServerApp: bagging, then cyclic training. It saves both models, and which node did what. */
import {
  averageMetrics,
  type CheckedReply,
  FedXgbBagging,
  FedXgbCyclic,
  ServerApp,
  xgbBytes,
} from "flwr";

export const app = new ServerApp().main(async (grid, { artifacts, runConfig }) => {
  const numRounds = runConfig.number("num-rounds");
  const orders: Record<string, number[][]> = { bagging: [], cyclic: [] };
  const noting = (name: "bagging" | "cyclic") => ({
    fractionEvaluate: 0 as const,
    trainMetricsAggrFn: (replies: readonly CheckedReply[], key: string) => {
      orders[name]!.push(replies.map(({ metrics }) => metrics.number("partition")));
      return averageMetrics(replies, key);
    },
  });
  const bagging = await new FedXgbBagging(noting("bagging"))
    .start(grid, { numRounds, trainConfig: { bagging: true } });
  const cyclic = await new FedXgbCyclic(noting("cyclic"))
    .start(grid, { numRounds, trainConfig: { bagging: false } });
  await artifacts.save("bagging.json", xgbBytes(bagging.arrays));
  await artifacts.save("cyclic.json", xgbBytes(cyclic.arrays));
  await artifacts.save("orders.json", JSON.stringify(orders));
});
