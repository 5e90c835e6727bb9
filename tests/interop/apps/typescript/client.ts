/**
 * The ClientApp of the interoperation tests. The node's configuration says which node this is and what goes wrong on
 * it: `partition-id` is 0 or 1; with `wait-round=N` training in round N begins only when the file `wait-file` is
 * there; with `fail-round=N` it throws in that round, with `fail-always=1` whenever it is asked; with `crash-round=N` the first training of round N kills the app, which leaves the file `crash-file`.
 */
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ClientApp, type Context, type Message, MetricRecord } from "flwr";
import { evaluateExamples, initial, mean, train, trainExamples } from "./arithmetic.ts";

export const app = new ClientApp()
  .parameters(() => ({ arrays: initial() }))
  .train(async (message, { nodeConfig }) => {
    const { arrays, round, scale, partition } = read(message, nodeConfig);
    if (nodeConfig.number("wait-round", 0) === round) await wait(nodeConfig, round);
    if (nodeConfig.number("fail-round", 0) === round) throw new Error("The disk is full");
    if (nodeConfig.number("crash-round", 0) === round) await crashOnce(nodeConfig);
    const trained = train(arrays, round, scale, partition);
    return {
      arrays: trained,
      metrics: new MetricRecord({
        "num-examples": trainExamples(partition),
        mean: mean(trained),
      }),
    };
  })
  .evaluate((message, { nodeConfig }) => {
    const { arrays, round, partition } = read(message, nodeConfig);
    const loss = mean(arrays) + round * (partition + 1);
    return {
      metrics: new MetricRecord({
        "num-examples": evaluateExamples(partition),
        loss,
        double: 2 * loss,
      }),
    };
  });

function read({ content }: Message, nodeConfig: Context["nodeConfig"]) {
  if (nodeConfig.number("fail-always", 0) === 1) throw new Error("The disk is full");
  const config = content.configRecord("config");
  return {
    arrays: content.arrayRecord("arrays"),
    round: config.number("round"),
    scale: config.number("scale", 1),
    partition: nodeConfig.number("partition-id"),
  };
}

async function wait(nodeConfig: Context["nodeConfig"], round: number): Promise<void> {
  console.log(`Waiting in round ${round}`);
  const file = nodeConfig.string("wait-file");
  while (!existsSync(file)) await sleep(20);
}

async function crashOnce(nodeConfig: Context["nodeConfig"]): Promise<void> {
  const file = nodeConfig.string("crash-file");
  if (existsSync(file)) return;
  writeFileSync(file, "");
  // thrown outside of the handler, where nobody catches it
  setTimeout(() => {
    throw new Error("The app dies");
  });
  await new Promise(() => {});
}
