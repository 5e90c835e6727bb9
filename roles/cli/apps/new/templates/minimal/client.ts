/** The ClientApp, which runs on each node: it trains the line on the node's own points, and evaluates it. */
import { ClientApp, MetricRecord } from "flwr";
import { fromArrays, loadPoints, loss, toArrays, train } from "./task.ts";

export const app = new ClientApp()
  .train(({ content }, context) => {
    const points = loadPoints(context);
    const line = fromArrays(content.arrayRecord("arrays"));
    const config = content.configRecord("config");
    train(line, points, config.number("local-steps", 5), config.number("learning-rate", 0.05));
    const metrics = { "num-examples": points.x.length, loss: loss(line, points) };
    return { arrays: toArrays(line), metrics: new MetricRecord(metrics) };
  })
  .evaluate(({ content }, context) => {
    const points = loadPoints(context);
    const measured = loss(fromArrays(content.arrayRecord("arrays")), points);
    return { metrics: new MetricRecord({ "num-examples": points.x.length, loss: measured }) };
  });
